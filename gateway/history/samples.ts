import type { ByteReader, ByteWriter } from './byte-coding.ts';
import { readNumbers, readTexts, readTimes, writeNumbers, writeTexts, writeTimes } from './columns.ts';

export type ValueType = 'number' | 'boolean' | 'text';

/** A running counter's latest sample; `start` is when its series began (`st` of the message, 0 where it says none). */
export interface CounterState {
  readonly at: number;
  readonly value: number;
  readonly start: number;
}

/** Samples of one metric in the order in which they came. Booleans are 1 and 0. */
export interface Samples {
  readonly times: number[];
  readonly values: number[];
  readonly texts: string[];
  /** In step with `values` where the metric is a counter, else empty. */
  readonly starts: number[];
  /** The samples, by their places, before which a counter's clock was set back. */
  readonly setBack: number[];
  /** The counter before the first sample. */
  before: CounterState | undefined;
}

export const noSamples = (before?: CounterState): Samples => ({
  times: [],
  values: [],
  texts: [],
  starts: [],
  setBack: [],
  before,
});

const flags = { text: 1, counter: 2, before: 4, setBack: 8 };

export function writeSamples(out: ByteWriter, { times, values, texts, starts, setBack, before }: Samples): void {
  const isText = texts.length > 0;
  const isCounter = starts.length > 0;
  const hasSetBack = setBack.length > 0;
  const kind = (isText ? flags.text : 0) | (isCounter ? flags.counter : 0);
  out.byte(kind | (before ? flags.before : 0) | (hasSetBack ? flags.setBack : 0));
  out.whole(times.length);
  if (before) {
    writeTimes(out, [before.at, before.start]);
    out.double(before.value);
  }
  writeTimes(out, times);
  if (isText) writeTexts(out, texts);
  else writeNumbers(out, values);
  if (isCounter) writeNumbers(out, starts);
  if (!hasSetBack) return;
  out.whole(setBack.length);
  for (const place of setBack) out.whole(place);
}

export function readSamples(from: ByteReader): Samples {
  const has = from.byte();
  const count = from.whole();
  const samples = noSamples();
  if (has & flags.before) {
    const [at = 0, start = 0] = readTimes(from, 2);
    samples.before = { at, start, value: from.double() };
  }
  samples.times.push(...readTimes(from, count));
  if (has & flags.text) samples.texts.push(...readTexts(from, count));
  else samples.values.push(...readNumbers(from, count));
  if (has & flags.counter) samples.starts.push(...readNumbers(from, count));
  if (has & flags.setBack) for (let left = from.whole(); left > 0; left -= 1) samples.setBack.push(from.whole());
  return samples;
}

/**
 * By how much a counter went on with this sample, and its state after it. A new start counts from zero. A sample that
 * is older than the one before it came late and changes nothing, unless the clock was set back between them; the first one
 * of all only says where the counter stands.
 */
export function advance(
  state: CounterState | undefined,
  sample: CounterState,
  isSetBack = false,
): { readonly increase: number; readonly state: CounterState } {
  if (state === undefined) return { increase: 0, state: sample };
  if (sample.at < state.at && !isSetBack) return { increase: 0, state };
  return { increase: sample.start === state.start ? sample.value - state.value : sample.value, state: sample };
}

/** Increase of each sample, in step; empty for what is no counter. */
export const increasesOf = (samples: Samples): number[] => walk(samples).increases;

/** Where a counter stands after the last sample; undefined for what is no counter. */
export const counterAfter = (samples: Samples): CounterState | undefined => walk(samples).state;

function walk({ times, values, starts, setBack, before }: Samples): {
  increases: number[];
  state: CounterState | undefined;
} {
  let state = before;
  const areSetBack = new Set(setBack);
  const increases = starts.map((start, i) => {
    const next = advance(state, { at: times[i] ?? 0, value: values[i] ?? 0, start }, areSetBack.has(i));
    ({ state } = next);
    return next.increase;
  });
  return { increases, state };
}
