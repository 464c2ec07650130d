import type { Measurement, Metric } from '../../contracts/message.ts';
import { historyBounds } from './options.ts';
import { keyOf, RecordShapes, type Place } from './record-shapes.ts';
import { advance, noSamples, type Samples } from './samples.ts';
import type { SeriesBook, SeriesKey } from './series-book.ts';

/** Samples of many series, by its id, on their way to a block. */
export interface Gathered {
  readonly samples: ReadonlyMap<number, Samples>;
  readonly count: number;
  readonly sinceUpMs: number;
}

interface Sample {
  readonly value: number | string;
  readonly at: number;
  readonly start: number;
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
  readonly #shapes = new RecordShapes();

  constructor(book: SeriesBook) {
    this.#book = book;
  }

  /** Returns how many values found no place among the series. */
  take(line: string, upMs: number): number {
    return this.#shapes.read(line) ? this.#takeRead(upMs) : this.#takeParsed(line, upMs);
  }

  /** The series of a device are no longer what they were. */
  forget(): void {
    this.#shapes.clear();
  }

  #takeRead(upMs: number): number {
    const { at, count, metrics, values, texts } = this.#shapes;
    if (at >= latest) return 0;
    let refused = 0;
    for (let i = 0; i < count; i += 1) {
      const shape = metrics[i];
      if (shape === undefined) continue;
      const isText = shape.key.type === 'text';
      const value = isText ? texts[i] : values[i];
      if (value === undefined) continue;
      const place = (shape.place ??= this.#placeOf(shape.key, upMs));
      if (place === undefined) refused += 1;
      else this.#add(place, { value, at, start: shape.start }, upMs);
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
      const place = this.#placeOf(key, upMs);
      const { v, vb, vs, st } = metric;
      if (place === undefined) refused += 1;
      else this.#add(place, { value: vs ?? v ?? (vb ? 1 : 0), at: ts, start: st ?? 0 }, upMs);
    }
    if (refused === 0) this.#shapes.learn(record, line);
    return refused;
  }

  #placeOf(key: SeriesKey, upMs: number): Place | undefined {
    const series = this.#book.find(key, upMs);
    if (series === undefined) return undefined;
    let samples = this.samples.get(series.id);
    if (samples === undefined) {
      samples = noSamples(series.counterAt);
      this.samples.set(series.id, samples);
    }
    return { series, samples };
  }

  #add({ series, samples }: Place, { value, at, start }: Sample, upMs: number): void {
    samples.times.push(at);
    if (typeof value === 'string') samples.texts.push(value);
    else {
      samples.values.push(value);
      if (series.counter) {
        samples.starts.push(start);
        series.counterAt = advance(series.counterAt, { at, value, start }).state;
      }
    }
    series.heardUpMs = upMs;
    if (this.count === 0) this.sinceUpMs = upMs;
    this.count += 1;
  }
}

/** A longer text is no state. */
const isTooLong = ({ vs = '' }: Metric): boolean => vs.length > historyBounds.maxTextLength;
