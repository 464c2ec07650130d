import type { Measurement, Metric } from '../../contracts/message.ts';
import { historyBounds } from './options.ts';
import { advance, noSamples, type Samples, type ValueType } from './samples.ts';
import type { Series, SeriesBook } from './series-book.ts';

/** Samples of many series, by its id, on their way to a block. */
export interface Gathered {
  readonly samples: ReadonlyMap<number, Samples>;
  readonly count: number;
  readonly sinceUpMs: number;
}

/** A time that a varint of eight bytes holds: until the year 2248. */
const latest = 2 ** 43;
/** What tells of the gateway, and what it did, is no measurement. */
const kinds: ReadonlySet<string> = new Set(['telemetry', 'state', 'event', 'availability', 'health', 'alarm']);

/** Takes records apart into samples. Pure but for the book of series. */
export class Gathering implements Gathered {
  readonly samples = new Map<number, Samples>();
  count = 0;
  sinceUpMs = 0;
  readonly #book: SeriesBook;

  constructor(book: SeriesBook) {
    this.#book = book;
  }

  /** Returns how many values found no place among the series. */
  take(line: string, upMs: number): number {
    const { kind, dev, m, ts } = JSON.parse(line) as Measurement;
    if (!kinds.has(kind) || !(ts >= 0 && ts < latest)) return 0;
    let refused = 0;
    for (const metric of m) {
      const type = typeOf(metric);
      if (type === undefined) continue;
      const endpoint = metric.ep ?? dev.ep;
      const series = this.#book.find(
        {
          device: dev.id,
          metric: endpoint === undefined ? metric.n : `${metric.n}@${endpoint}`,
          type,
          unit: metric.u ?? '',
          counter: type === 'number' && metric.c !== undefined,
        },
        upMs,
      );
      if (series === undefined) refused += 1;
      else this.#add(series, metric, ts, upMs);
    }
    return refused;
  }

  #add(series: Series, { v, vb, vs, st }: Metric, at: number, upMs: number): void {
    let samples = this.samples.get(series.id);
    if (samples === undefined) {
      samples = noSamples(series.counterAt);
      this.samples.set(series.id, samples);
    }
    samples.times.push(at);
    if (vs !== undefined) samples.texts.push(vs);
    else samples.values.push(v ?? (vb ? 1 : 0));
    if (series.counter) {
      const sample = { at, value: v ?? 0, start: st ?? 0 };
      samples.starts.push(sample.start);
      series.counterAt = advance(series.counterAt, sample).state;
    }
    series.heardUpMs = upMs;
    if (this.count === 0) this.sinceUpMs = upMs;
    this.count += 1;
  }
}

function typeOf({ v, vb, vs }: Metric): ValueType | undefined {
  if (v !== undefined) return 'number';
  if (vb !== undefined) return 'boolean';
  return vs !== undefined && vs.length <= historyBounds.maxTextLength ? 'text' : undefined;
}
