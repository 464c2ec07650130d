import { PortcullisError } from '../../contracts/errors.ts';
import type { HistoryQuery } from '../../contracts/history.ts';
import { tierLengths, tiers, type Tier } from './options.ts';
import type { Found } from './questions.ts';

/** Lengths of slots that people read well. */
const minuteMs = 60_000;
const dayMs = 1_440 * minuteMs;
const lengths = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1_000),
  ...[1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].map((minutes) => minutes * minuteMs),
  ...[1, 2, 7, 14, 28, 91, 364, 3_640].map((days) => days * dayMs),
];

const maxPoints = 10_000;
/** Times of a range, as `contracts/message.ts` has them: until the year 2248. */
const latest = 2 ** 43;

/** Throws COMMAND_INVALID for what is no range, or asks for too much. */
export function requireRange({ from, to, limit }: Pick<HistoryQuery, 'from' | 'to' | 'limit'>): void {
  if (!(Number.isFinite(from) && Number.isFinite(to) && from >= 0 && to < latest && from < to)) {
    throw new PortcullisError('COMMAND_INVALID', 'A range of history goes from a time to a later one, since 1970.');
  }
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= maxPoints)) {
    throw new PortcullisError('COMMAND_INVALID', `A question to history is for 1 to ${maxPoints} points.`);
  }
}

/** The shortest slots that are few enough, of a tier that still has the begin of the range. */
export function resolutionOf({ from, to, limit }: HistoryQuery, keptFrom: Found['keptFrom']): number {
  const kept = tiers.find((tier) => from >= keptFrom[tier]) ?? 2;
  const fits = (length: number): boolean => Math.ceil(to / length) - Math.floor(from / length) <= limit;
  return lengths.find((length) => length >= tierLengths[kept] && fits(length)) ?? lengthOfAll(from, to, limit);
}

const lengthOfAll = (from: number, to: number, limit: number): number => {
  let days = 3_640;
  while (Math.ceil(to / (days * dayMs)) - Math.floor(from / (days * dayMs)) > limit) days *= 2;
  return days * dayMs;
};

export const tierFor = (slotMs: number): Tier => (slotMs >= tierLengths[2] ? 2 : slotMs >= tierLengths[1] ? 1 : 0);
