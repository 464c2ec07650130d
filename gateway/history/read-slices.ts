import type { HistoryQuery } from '../../contracts/history.ts';
import type { Answers, Place, Question, SampleRun, ScanQuestion, SeriesFound } from './questions.ts';
import { tierFor } from './resolution.ts';
import { addSlot, type Slots } from './slots.ts';

/** Asks the half in the writer thread. */
export type Ask = <Asked extends Question>(question: Asked) => Promise<Answers[Asked['ask']]>;

/** A scan, slice by slice, so that commits go between. */
async function* slices(ask: Ask, question: ScanQuestion): AsyncGenerator<Answers['scan']> {
  let place: Place | undefined;
  do {
    const answer = await ask(place === undefined ? question : { ...question, place });
    yield answer;
    ({ place } = answer);
  } while (place !== undefined);
}

/** All samples of a range, or undefined when they are more than wanted. */
export async function samplesOf(
  ask: Ask,
  { device, from, to, limit }: HistoryQuery,
  series: readonly SeriesFound[],
): Promise<SampleRun[] | undefined> {
  const runs: SampleRun[] = [];
  let count = 0;
  const ids = series.map(({ id }) => id);
  for await (const { samples } of slices(ask, { ask: 'scan', device, series: ids, from, to, tier: 0, slotMs: 0 })) {
    runs.push(...samples);
    count += samples.reduce((sum, { times }) => sum + times.length, 0);
    if (count > limit) return undefined;
  }
  return runs;
}

export async function slotsOf(
  ask: Ask,
  { device, from, to }: HistoryQuery,
  series: readonly SeriesFound[],
  slotMs: number,
): Promise<Slots> {
  const slots: Slots = new Map();
  const ids = series.map(({ id }) => id);
  const question: ScanQuestion = { ask: 'scan', device, series: ids, from, to, tier: tierFor(slotMs), slotMs };
  for await (const answer of slices(ask, question)) for (const slot of answer.slots) addSlot(slots, slot, slotMs);
  return slots;
}
