import type { Look, Slot, Value } from '../compiled.ts';

/** What is known of one device for one slot. Times are lived milliseconds. */
export interface Source {
  readonly device: string;
  value: Value | undefined;
  at: number;
  /** Undefined while nothing is known. */
  met: boolean | undefined;
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

/** A device told a value; `undefined` that it is there without one. Says whether it was taken. */
export function feed(
  slot: Slot,
  state: SlotState,
  device: string,
  key: string,
  value: Value | undefined,
  now: number,
): boolean {
  let source = state.sources.get(key);
  if (source === undefined) {
    if (state.sources.size >= slotBounds.maxSources) return false;
    source = { device, value: undefined, at: now, met: undefined };
    state.sources.set(key, source);
  }
  uncount(state, source);
  source.at = now;
  source.value = value;
  look(slot, source, now, true);
  count(state, source);
  state.due = Math.min(state.due, dueOf(slot, source));
  return true;
}

/** Takes a device out that is gone, or no longer chosen. */
export function forget(state: SlotState, device: string): void {
  for (const [key, source] of state.sources) {
    if (source.device !== device) continue;
    uncount(state, source);
    state.sources.delete(key);
  }
}

/** Takes over what an earlier life knew of a source. */
export function restore(slot: Slot, state: SlotState, key: string, source: Source): void {
  state.sources.set(key, source);
  count(state, source);
  state.due = Math.min(state.due, dueOf(slot, source));
}

/** What time changes: silence begins, a change is over, a value is too old. */
export function tick(slot: Slot, state: SlotState, now: number): void {
  if (now < state.due) return;
  state.due = Infinity;
  for (const source of state.sources.values()) {
    uncount(state, source);
    look(slot, source, now, false);
    count(state, source);
    state.due = Math.min(state.due, dueOf(slot, source, now));
  }
}

/** The number that a mean, least or most makes; undefined without a value. */
export function aggregate(slot: Slot, state: SlotState): number | undefined {
  if (state.known === 0) return undefined;
  if (slot.over === 'mean') return state.sum / state.known;
  let found: number | undefined;
  for (const { value, met } of state.sources.values()) {
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
  const { value } = source;
  if (how.as === 'silence') {
    const over = now - source.at >= how.ms;
    // A device that was never heard is not known to speak before its time is over.
    source.met = over ? true : value === undefined ? undefined : false;
    return;
  }
  if (value === undefined || (maxAgeMs !== undefined && now - source.at >= maxAgeMs)) source.met = undefined;
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
function dueOf({ look: how, maxAgeMs }: Slot, source: Source, now = source.at): number {
  const ages: number[] = [];
  if (how.as === 'silence') ages.push(source.at + how.ms);
  if (maxAgeMs !== undefined && source.met !== undefined) ages.push(source.at + maxAgeMs);
  const [oldest] = source.samples ?? [];
  if (how.as === 'change' && oldest !== undefined && (source.samples?.length ?? 0) > 1)
    ages.push(oldest[0] + how.withinMs);
  return Math.min(Infinity, ...ages.filter((due) => due > now));
}

function count(state: SlotState, { met, value }: Source): void {
  if (met === undefined) return;
  state.known += 1;
  if (met) state.met += 1;
  if (typeof value === 'number') state.sum += value;
}

function uncount(state: SlotState, { met, value }: Source): void {
  if (met === undefined) return;
  state.known -= 1;
  if (met) state.met -= 1;
  if (typeof value === 'number') state.sum -= value;
  // What adding and taking away leaves behind of many decimals goes with the last one.
  if (state.known === 0) state.sum = 0;
}
