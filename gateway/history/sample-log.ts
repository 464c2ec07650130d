import { historyBounds } from './options.ts';
import { noSamples, type CounterState, type Samples, type ValueType } from './samples.ts';

/** Somewhat more than the bound, because records are taken whole. Memory that nothing has touched costs nothing. */
const usualRoom = historyBounds.maxGathered + 16 * 1024;

/** A series with samples, and where it stood before them if it is a counter. */
export interface SampledSeries {
  readonly id: number;
  readonly type: ValueType;
  readonly counter: boolean;
  readonly before: CounterState | undefined;
}

/**
 * Samples of all series in the order in which they came, in columns outside the heap. An array for each series would
 * grow old at each of its sizes, and the collections of the whole heap that follow cost more than the samples.
 */
export class SampleLog {
  #series: Uint32Array;
  #times: Float64Array;
  /** Of a text its place among the texts. */
  #values: Float64Array;
  /** There once a counter came. */
  #starts: Float64Array | undefined;
  readonly #texts: string[] = [];
  /** Samples of counters before which a clock was set back; few, if any. */
  readonly #setBack = new Set<number>();
  count = 0;

  constructor(room: number = usualRoom) {
    this.#series = new Uint32Array(room);
    this.#times = new Float64Array(room);
    this.#values = new Float64Array(room);
  }

  add(series: number, at: number, value: number | string): void {
    if (this.count === this.#series.length) this.#grow();
    this.#series[this.count] = series;
    this.#times[this.count] = at;
    this.#values[this.count] = typeof value === 'string' ? this.#texts.push(value) - 1 : value;
    this.count += 1;
  }

  /** `start` is when the counter's series began. */
  addCounter(series: number, { at, value, start }: CounterState, isSetBack = false): void {
    this.add(series, at, value);
    if (isSetBack) this.#setBack.add(this.count - 1);
    this.#starts ??= new Float64Array(this.#series.length);
    this.#starts[this.count - 1] = start;
  }

  /** The samples of some series, in the order of these. */
  samplesOf(series: readonly SampledSeries[]): Map<number, Samples> {
    const wanted = new Map(series.map((one) => [one.id, { ...one, samples: noSamples(one.before) }]));
    for (let i = 0; i < this.count; i += 1) {
      const one = wanted.get(this.#series[i] ?? 0);
      if (one === undefined) continue;
      const { type, counter, samples } = one;
      const value = this.#values[i] ?? 0;
      samples.times.push(this.#times[i] ?? 0);
      if (type === 'text') samples.texts.push(this.#texts[value] ?? '');
      else samples.values.push(value);
      if (!counter) continue;
      samples.starts.push(this.#starts?.[i] ?? 0);
      if (this.#setBack.has(i)) samples.setBack.push(samples.times.length - 1);
    }
    return new Map([...wanted].map(([id, { samples }]) => [id, samples]));
  }

  #grow(): void {
    const room = 2 * this.#series.length;
    const copy = <Column extends Uint32Array | Float64Array>(to: Column, from: Column): Column => {
      to.set(from);
      return to;
    };
    this.#series = copy(new Uint32Array(room), this.#series);
    this.#times = copy(new Float64Array(room), this.#times);
    this.#values = copy(new Float64Array(room), this.#values);
    this.#starts &&= copy(new Float64Array(room), this.#starts);
  }
}
