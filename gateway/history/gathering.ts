import type { Measurement, Metric } from '../../contracts/message.ts';
import { isLate, type Told } from '../lib/late.ts';
import { historyBounds } from './options.ts';
import { keyOf, type RecordShapes } from './record-shapes.ts';
import { SampleLog, type SampledSeries } from './sample-log.ts';
import { advance, type Samples } from './samples.ts';
import type { Series, SeriesBook } from './series-book.ts';

/** Samples of many series on their way to a block. */
export interface Gathered {
  /** Those that have samples, by id. */
  readonly series: ReadonlyMap<number, SampledSeries>;
  readonly count: number;
  readonly sinceUpMs: number;
  /** Of those that have some, by id. */
  samplesOf(series: readonly number[]): Map<number, Samples>;
}

interface Sample {
  readonly value: number | string;
  readonly told: Told;
  readonly start: number;
}

/** A time that a varint of eight bytes holds: until the year 2248. */
const latest = 2 ** 43;
/** What tells of the gateway, and what it did, is no measurement. */
const kinds: ReadonlySet<string> = new Set(['telemetry', 'state', 'event', 'availability', 'health', 'alarm']);

/** Takes records apart into samples. Pure but for the book of series. */
export class Gathering implements Gathered {
  readonly series = new Map<number, SampledSeries>();
  sinceUpMs = 0;
  readonly #log = new SampleLog();
  /** What a series remembers of its gathering must not keep the samples. */
  readonly #mark = {};
  readonly #book: SeriesBook;
  readonly #shapes: RecordShapes;

  /** `shapes` outlive a gathering, as long as the series that they lead to are in the book. */
  constructor(book: SeriesBook, shapes: RecordShapes) {
    this.#book = book;
    this.#shapes = shapes;
  }

  get count(): number {
    return this.#log.count;
  }

  samplesOf(series: readonly number[]): Map<number, Samples> {
    return this.#log.samplesOf(series.flatMap((id) => this.series.get(id) ?? []));
  }

  /** Returns how many values found no place among the series. */
  take(line: string, upMs: number): number {
    return this.#shapes.read(line) ? this.#takeRead(upMs) : this.#takeParsed(line, upMs);
  }

  #takeRead(upMs: number): number {
    const { told, count, metrics, values, texts } = this.#shapes;
    if (told.ts >= latest) return 0;
    let refused = 0;
    for (let i = 0; i < count; i += 1) {
      const shape = metrics[i];
      if (shape === undefined) continue;
      const isText = shape.key.type === 'text';
      const value = isText ? texts[i] : values[i];
      if (value === undefined) continue;
      const series = (shape.series ??= this.#book.find(shape.key, upMs));
      if (series === undefined) refused += 1;
      else this.#add(series, { value, told, start: shape.start }, upMs);
    }
    return refused;
  }

  #takeParsed(line: string, upMs: number): number {
    const record = JSON.parse(line) as Measurement;
    const { kind, dev, m, ts } = record;
    if (!kinds.has(kind) || !(ts >= 0 && ts < latest)) return 0;
    let refused = 0;
    for (const metric of m) {
      const key = keyOf(metric, dev);
      if (key === undefined || (key.type === 'text' && isTooLong(metric))) continue;
      const series = this.#book.find(key, upMs);
      const { v, vb, vs, st } = metric;
      if (series === undefined) refused += 1;
      else this.#add(series, { value: vs ?? v ?? (vb ? 1 : 0), told: record, start: st ?? 0 }, upMs);
    }
    if (refused === 0) this.#shapes.learn(record, line);
    return refused;
  }

  #add(series: Series, { value, told, start }: Sample, upMs: number): void {
    const at = told.ts;
    const { id, type, counter, counterAt } = series;
    if (series.sampledIn !== this.#mark) {
      series.sampledIn = this.#mark;
      if (!this.series.has(id)) this.series.set(id, { id, type, counter, before: counterAt });
    }
    if (this.count === 0) this.sinceUpMs = upMs;
    if (counter && typeof value === 'number') {
      const sample = { at, value, start };
      const isSetBack = counterAt !== undefined && at < counterAt.at && !isLate(told, counterAt.at);
      this.#log.addCounter(id, sample, isSetBack);
      series.counterAt = advance(counterAt, sample, isSetBack).state;
    } else {
      this.#log.add(id, at, value);
    }
    series.heardUpMs = upMs;
  }
}

/** A longer text is no state. */
const isTooLong = ({ vs = '' }: Metric): boolean => vs.length > historyBounds.maxTextLength;
