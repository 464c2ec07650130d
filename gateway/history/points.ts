import type { HistoryPoint, HistoryValue } from '../../contracts/history.ts';
import type { SampleRun, SeriesFound } from './questions.ts';
import type { Slot, Slots } from './slots.ts';

type Kind = Pick<SeriesFound, 'type' | 'counter'>;

/** Samples as points, by time. */
export function pointsOfRuns(runs: readonly SampleRun[], kind: Kind): HistoryPoint[] {
  const points = runs.flatMap(({ times, values, increases }) =>
    times.map((at, i) => pointOf(at, values[i] ?? 0, increases[i], kind)),
  );
  return points.sort((a, b) => a.at - b.at);
}

function pointOf(at: number, value: number | string, increase: number | undefined, kind: Kind): HistoryPoint {
  const base = { at, count: 1, last: shown(value, kind) };
  if (typeof value === 'string') return base;
  return { ...base, min: value, max: value, mean: value, ...(increase !== undefined && { increase }) };
}

export function pointsOfSlots(slots: Slots, kind: Kind): HistoryPoint[] {
  const inOrder = [...slots.values()].sort((a, b) => a.at - b.at);
  return inOrder.map((slot) => pointOfSlot(slot, kind));
}

function pointOfSlot({ at, count, min, max, sum, last, increase }: Slot, kind: Kind): HistoryPoint {
  return { at, count, last: shown(last, kind), min, max, mean: sum / count, ...(kind.counter && { increase }) };
}

const shown = (value: number | string, { type }: Kind): HistoryValue => (type === 'boolean' ? value === 1 : value);
