import type { Look, Slot, Value } from '../compiled.ts';

/** What a device said last of one word; every slot that looks at it shares it. Times are lived milliseconds. */
export interface Reading {
  readonly device: string;
  value: Value | undefined;
  at: number;
  /** Every slot stands as this value made it: none of them was changed by time since. */
  settled: boolean;
}

/** What a slot makes of a reading. */
export interface Source {
  reading: Reading;
  /** Undefined while nothing is known. */
  met: boolean | undefined;
  /** What the sum of the slot has of it. */
  counted: number;
  /** Of a change: the lowest (or highest) values that may still count, the oldest first. */
  samples?: [at: number, value: number][];
}

/** The values of a slot, with counts, so that one more message costs the same beside many devices. */
export interface SlotState {
  readonly sources: Map<string, Source>;
  known: number;
  met: number;
  sum: number;
  /** Of a mean, a least or a most: which side of the threshold it is on. */
  side: boolean | undefined;
  /** When some source changes by the passing of time; never later than that. */
  due: number;
}

/** Sources of one slot, and samples of one source: neighbours are then made one, so that a change is rather seen than missed. */
export const slotBounds = { maxSources: 5_000, maxSamples: 120 } as const;

export function newSlotState(): SlotState {
  return { sources: new Map(), known: 0, met: 0, sum: 0, side: undefined, due: Infinity };
}

export function newReading(device: string, value: Value | undefined, at: number): Reading {
  return { device, value, at, settled: false };
}

/** The source under a key, there from now on; undefined where there is no room for one more. */
export function sourceIn(state: SlotState, key: string, reading: Reading): Source | undefined {
  const known = state.sources.get(key);
  if (known !== undefined) return known;
  if (state.sources.size >= slotBounds.maxSources) return undefined;
  const source: Source = { reading, met: undefined, counted: 0 };
  state.sources.set(key, source);
  return source;
}

/** Takes over the reading of a source. Says whether a condition may see it: it has to be looked at. */
export function feed(slot: Slot, state: SlotState, source: Source, now: number): boolean {
  const before = source.met;
  uncount(state, source);
  look(slot, source, now, true);
  count(state, source);
  const due = dueOf(slot, source);
  const isSooner = due < state.due;
  if (isSooner) state.due = due;
  return isSooner || source.met !== before || seesEach(slot);
}

/** Whether a condition sees the value itself, not only what it is held against. */
export const seesEach = ({ look, over }: Slot): boolean => look.as === 'value' || (over !== 'any' && over !== 'all');

/** Takes a source out. */
export function drop(state: SlotState, key: string): void {
  const source = state.sources.get(key);
  if (source === undefined) return;
  uncount(state, source);
  state.sources.delete(key);
}

/** Takes over what an earlier life knew of a source. */
export function restore(slot: Slot, state: SlotState, key: string, source: Omit<Source, 'counted'>): void {
  const restored = { ...source, counted: 0 };
  state.sources.set(key, restored);
  count(state, restored);
  state.due = Math.min(state.due, dueOf(slot, restored));
}

/** What time changes: silence begins, a change is over, a value is too old. */
export function tick(slot: Slot, state: SlotState, now: number): void {
  if (now < state.due) return;
  state.due = Infinity;
  for (const source of state.sources.values()) {
    const before = source.met;
    uncount(state, source);
    look(slot, source, now, false);
    count(state, source);
    if (source.met !== before) source.reading.settled = false;
    state.due = Math.min(state.due, dueOf(slot, source, now));
  }
}

/** The number that a mean, least or most makes; undefined without a value. */
export function aggregate(slot: Slot, state: SlotState): number | undefined {
  if (state.known === 0) return undefined;
  if (slot.over === 'mean') return state.sum / state.known;
  let found: number | undefined;
  for (const { reading, met } of state.sources.values()) {
    const { value } = reading;
    if (met === undefined || typeof value !== 'number') continue;
    if (found === undefined || (slot.over === 'min' ? value < found : value > found)) found = value;
  }
  return found;
}

/** Beyond a threshold, with the hysteresis from what it was before. */
export function beyond(
  { sign, at, clear }: Look & { as: 'level' },
  value: number,
  before: boolean | undefined,
): boolean {
  return before === true ? sign * (value - clear) > 0 : sign * (value - at) > 0;
}

function look(slot: Slot, source: Source, now: number, fresh: boolean): void {
  const { look: how, maxAgeMs } = slot;
  const { value, at } = source.reading;
  if (how.as === 'silence') {
    const over = now - at >= how.ms;
    // A device that was never heard is not known to speak before its time is over.
    source.met = over ? true : value === undefined ? undefined : false;
    return;
  }
  if (value === undefined || (maxAgeMs !== undefined && now - at >= maxAgeMs)) source.met = undefined;
  else if (how.as === 'value') source.met = true;
  else if (how.as === 'equal') source.met = how.fits(value);
  else if (typeof value !== 'number') source.met = undefined;
  else if (how.as === 'level') source.met = beyond(how, value, source.met);
  else source.met = changed(how, source, value, now, fresh);
}

/** Keeps the values that are lowest from some moment on (highest, for a fall): the first of them is what counts. */
function changed(how: Look & { as: 'change' }, source: Source, value: number, now: number, fresh: boolean): boolean {
  const samples = (source.samples ??= []);
  if (fresh) {
    while (samples.length > 0 && how.sign * ((samples.at(-1)?.[1] ?? 0) - value) >= 0) samples.pop();
    samples.push([now, value]);
    if (samples.length > slotBounds.maxSamples) {
      const [first, second] = samples;
      if (first !== undefined && second !== undefined) samples.splice(0, 2, [second[0], first[1]]);
    }
  }
  while (samples.length > 1 && now - (samples[0]?.[0] ?? now) >= how.withinMs) samples.shift();
  const change = how.sign * (value - (samples[0]?.[1] ?? value));
  return change >= (source.met === true ? how.clear : how.by);
}

/** When the passing of time changes a source next. */
function dueOf({ look: how, maxAgeMs }: Slot, { reading, met, samples }: Source, now = reading.at): number {
  let due = Infinity;
  const at = (time: number): void => {
    if (time > now && time < due) due = time;
  };
  if (how.as === 'silence') at(reading.at + how.ms);
  if (maxAgeMs !== undefined && met !== undefined) at(reading.at + maxAgeMs);
  const [oldest] = samples ?? [];
  if (how.as === 'change' && oldest !== undefined && (samples?.length ?? 0) > 1) at(oldest[0] + how.withinMs);
  return due;
}

function count(state: SlotState, source: Source): void {
  const { met, reading } = source;
  source.counted = 0;
  if (met === undefined) return;
  state.known += 1;
  if (met) state.met += 1;
  if (typeof reading.value !== 'number') return;
  source.counted = reading.value;
  state.sum += reading.value;
}

function uncount(state: SlotState, { met, counted }: Source): void {
  if (met === undefined) return;
  state.known -= 1;
  if (met) state.met -= 1;
  // What adding and taking away leaves behind of many decimals goes with the last one.
  state.sum = state.known === 0 ? 0 : state.sum - counted;
}
