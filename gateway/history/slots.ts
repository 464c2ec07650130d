import type { ByteReader, ByteWriter } from './byte-coding.ts';
import { readNumbers, readTimes, writeNumbers, writeTimes } from './columns.ts';
import { increasesOf, type Samples } from './samples.ts';

/** All samples of one slot of time. Slots of the same begin add up, in any order: what came late is merged. */
export interface Slot {
  readonly at: number;
  count: number;
  min: number;
  max: number;
  sum: number;
  lastAt: number;
  last: number;
  increase: number;
}

export type Slots = Map<number, Slot>;

export const slotBegin = (at: number, lengthMs: number): number => Math.floor(at / lengthMs) * lengthMs;

export function addSlot(slots: Slots, one: Slot, lengthMs: number): void {
  const at = slotBegin(one.at, lengthMs);
  const slot = slots.get(at);
  if (slot === undefined) {
    slots.set(at, { ...one, at });
    return;
  }
  slot.count += one.count;
  slot.min = Math.min(slot.min, one.min);
  slot.max = Math.max(slot.max, one.max);
  slot.sum += one.sum;
  slot.increase += one.increase;
  if (one.lastAt >= slot.lastAt) {
    slot.lastAt = one.lastAt;
    slot.last = one.last;
  }
}

/** Rolls samples of numbers up; `within` leaves out those of other times, whose increase still is known. */
export function addSamples(
  slots: Slots,
  samples: Samples,
  lengthMs: number,
  within: { readonly from: number; readonly to: number } = { from: 0, to: Infinity },
): void {
  const increases = increasesOf(samples);
  for (const [i, at] of samples.times.entries()) {
    if (at < within.from || at >= within.to) continue;
    const value = samples.values[i] ?? 0;
    const increase = increases[i] ?? 0;
    addSlot(slots, { at, count: 1, min: value, max: value, sum: value, lastAt: at, last: value, increase }, lengthMs);
  }
}

/** Sums of decimals have a tail of noise in their last digits, which would not compress. */
const tidy = (value: number): number => Number(value.toPrecision(12));

export function writeSlots(out: ByteWriter, slots: readonly Slot[], isCounter: boolean): void {
  const column = (of: (slot: Slot) => number): number[] => slots.map(of);
  out.byte(isCounter ? 1 : 0);
  out.whole(slots.length);
  writeTimes(
    out,
    column(({ at }) => at),
  );
  writeNumbers(
    out,
    column(({ count }) => count),
  );
  writeNumbers(
    out,
    column(({ min }) => min),
  );
  writeNumbers(
    out,
    column(({ max }) => max),
  );
  writeNumbers(
    out,
    column(({ sum }) => tidy(sum)),
  );
  writeNumbers(
    out,
    column(({ lastAt, at }) => lastAt - at),
  );
  writeNumbers(
    out,
    column(({ last }) => last),
  );
  if (isCounter)
    writeNumbers(
      out,
      column(({ increase }) => tidy(increase)),
    );
}

export function readSlots(from: ByteReader): { readonly slots: readonly Slot[]; readonly isCounter: boolean } {
  const isCounter = from.byte() === 1;
  const count = from.whole();
  const times = readTimes(from, count);
  const [counts, mins, maxes, sums, lags, lasts] = Array.from({ length: 6 }, () => readNumbers(from, count));
  const increases = isCounter ? readNumbers(from, count) : [];
  const slots = times.map((at, i) => ({
    at,
    count: counts?.[i] ?? 0,
    min: mins?.[i] ?? 0,
    max: maxes?.[i] ?? 0,
    sum: sums?.[i] ?? 0,
    lastAt: at + (lags?.[i] ?? 0),
    last: lasts?.[i] ?? 0,
    increase: increases[i] ?? 0,
  }));
  return { slots, isCounter };
}
