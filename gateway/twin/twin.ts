import type { CommandResult } from '../../contracts/message.ts';
import { mostTwinMetrics, type Origin, type TwinChange } from '../../contracts/twin.ts';
import { twinWord, type TwinValue } from '../../contracts/twin-words.ts';

/** What the device last said of a metric. `at` is the source's time, or when it came; `since` is when it changed. */
export interface Reported {
  value: TwinValue;
  version: number;
  at: number;
  /** Steady time at which the device itself changed; 0 where a wish had asked for it. */
  since: number;
  /** The `at` that is on disk. */
  saved: number;
  /** Which message of this life of the gateway said it. */
  arrival: number;
}

/** What the device shall be. `gone` is remembered so that a late edit from before it does not come through. */
export interface Wish {
  value: TwinValue | undefined;
  state: 'pending' | 'reached' | 'failed' | 'gone';
  version: number;
  /** Wall time for showing, steady time for ordering. */
  at: number;
  since: number;
  by: Origin;
  command?: string | undefined;
  /** Commands under way that bring the metric to another value: until they end, what the device shows is not the last word. */
  rivals?: readonly string[] | undefined;
  code?: string | undefined;
  detail?: string | undefined;
}

/** Both sides of one device. `changes` is the number of its last row of history; `born` the version before its first. */
export interface Twin {
  readonly device: string;
  readonly born: number;
  version: number;
  reportedVersion: number;
  changes: number;
  readonly reported: Map<string, Reported>;
  readonly wishes: Map<string, Wish>;
}

/** Starts above every version that a twin of the same device may have had. */
export function newTwin(device: string, floor: number): Twin {
  const [reported, wishes] = [new Map<string, Reported>(), new Map<string, Wish>()];
  return { device, born: floor, version: floor, reportedVersion: floor, changes: floor, reported, wishes };
}

/**
 * When something happened. `steady` goes with the machine and knows no jumps of the wall clock; `arrival` counts what
 * came. `source` is the time that a device gave, in milliseconds.
 */
export interface When {
  readonly wall: number;
  readonly steady: number;
  readonly arrival: number;
  readonly source?: number | undefined;
}

/** What is to be told of a change; number and time are added where it is written down. */
export type Note = (change: Omit<TwinChange, 'n' | 'at'>) => void;

/** A repeated value saves its time this rarely: what a crash forgets is only how long the same was repeated. */
const saveRepeatedMs = 600_000;

/**
 * The device says how it is. `older`: it was said before what is known, and changes nothing. `same`: nothing to keep.
 * `saved`: the same, and its time is to be kept. `full`: the twin holds no more metrics.
 */
export function report(
  twin: Twin,
  metric: string,
  value: TwinValue,
  when: When,
  note: Note,
): 'older' | 'same' | 'saved' | 'changed' | 'full' {
  const kept = twin.reported.get(metric);
  const at = Math.min(when.source ?? when.wall, when.wall);
  if (kept === undefined && twin.reported.size >= mostTwinMetrics) return 'full';
  if (kept !== undefined && isOlder(kept, at, when)) return 'older';
  if (kept?.value === value) {
    Object.assign(kept, { at, arrival: when.arrival });
    if (settle(twin, metric, value, note) !== undefined) return 'changed';
    return when.source === undefined || at - kept.saved < saveRepeatedMs ? 'same' : 'saved';
  }
  twin.reportedVersion += 1;
  const version = twin.reportedVersion;
  note({ event: 'reported', metric, ...(kept && { from: kept.value }), to: value, by: 'device', version });
  const since = twin.wishes.get(metric)?.state === 'pending' ? 0 : when.steady - (when.wall - at);
  twin.reported.set(metric, { value, version, at, since, saved: at, arrival: when.arrival });
  settle(twin, metric, value, note);
  return 'changed';
}

/** By the source's own time where it gave one; else, and at the same time, in the order in which they came. */
function isOlder(kept: Reported, at: number, { source, wall, arrival }: When): boolean {
  // A time in the future comes from a clock that was wrong, and proves nothing.
  const isDated = source !== undefined && kept.at <= wall;
  return isDated && at !== kept.at ? at < kept.at : arrival < kept.arrival;
}

/** A wish is satisfied once; what the device does of itself afterwards wins. */
function settle(twin: Twin, metric: string, value: TwinValue, note: Note): 'reached' | 'overruled' | undefined {
  const wish = twin.wishes.get(metric) ?? unplaced(twin, metric, value);
  if (wish?.value === undefined) return undefined;
  const isThere = fits(metric, value, wish.value) && !(wish.state === 'pending' && isContested(wish));
  if (isThere === (wish.state === 'reached')) return undefined;
  twin.version += 1;
  wish.version = twin.version;
  const event = isThere ? 'reached' : 'overruled';
  note({ event, metric, from: wish.value, to: value, by: 'device', version: twin.version, ...commandOf(wish) });
  if (isThere) Object.assign(wish, { state: 'reached', code: undefined, detail: undefined });
  else forget(wish, wish.since);
  return event;
}

/** A wish from before the device told its endpoints belongs to the first one that shows it. */
function unplaced(twin: Twin, metric: string, value: TwinValue): Wish | undefined {
  const word = wordOf(metric);
  const wish = word === metric ? undefined : twin.wishes.get(word);
  if (wish?.value === undefined || !fits(metric, value, wish.value)) return undefined;
  twin.wishes.delete(word);
  twin.wishes.set(metric, wish);
  return wish;
}

/** Whether a reported value is what was asked for, within what devices make of numbers. */
export function fits(metric: string, value: TwinValue, wanted: TwinValue): boolean {
  if (typeof value !== 'number' || typeof wanted !== 'number') return value === wanted;
  return Math.abs(value - wanted) <= (twinWord(wordOf(metric))?.within ?? 0);
}

/** A metric without its endpoint. */
export function wordOf(metric: string): string {
  const cut = metric.indexOf('@');
  return cut < 0 ? metric : metric.slice(0, cut);
}

const isContested = ({ rivals = [] }: Pick<Wish, 'rivals'>): boolean => rivals.length > 0;

const commandOf = ({ command }: Pick<Wish, 'command'>) => command !== undefined && { command };

function forget(wish: Wish, since: number): void {
  const none = { value: undefined, command: undefined, rivals: undefined, code: undefined, detail: undefined };
  Object.assign(wish, { ...none, state: 'gone', since });
}

/** What somebody wants of one metric; without a value the wish is taken back. `ageMs` ago by the clock of who wants it. */
export interface Edit {
  readonly metric: string;
  readonly value: TwinValue | undefined;
  readonly by: Origin;
  readonly ageMs: number;
  readonly command?: string | undefined;
  /** See `Wish`. */
  readonly rivals?: readonly string[] | undefined;
}

/** An edit that arrives sooner after it was made is live: the order of arrival decides, as the house sees it. */
const liveMs = 10_000;

/** Whether an edit that comes late was made before the last one here, or before the device itself changed. */
export function isOutdated(twin: Twin, { metric, ageMs }: Pick<Edit, 'metric' | 'ageMs'>, { steady }: When): boolean {
  if (ageMs <= liveMs) return false;
  const [wish, kept] = [twin.wishes.get(metric), twin.reported.get(metric)];
  return Math.max(wish?.since ?? -Infinity, kept?.since ?? -Infinity) >= steady - ageMs;
}

/** An edit that lost. Only the history knows of it. */
export function refuse(twin: Twin, { metric, value, by, command }: Edit, note: Note): void {
  const rival = twin.wishes.get(metric)?.value ?? twin.reported.get(metric)?.value;
  const { version } = twin;
  note({ event: 'refused', metric, ...valuesOf(rival, value), by, version, ...commandOf({ command }) });
}

/** Enters an edit under a version that all metrics of it share. */
export function wish(twin: Twin, edit: Edit, when: When, note: Note): void {
  const { metric, value, by, ageMs, command, rivals } = edit;
  const before = twin.wishes.get(metric);
  const kept = twin.reported.get(metric);
  const { version } = twin;
  const since = when.steady - ageMs;
  if (before?.state === 'pending') {
    note({ event: 'superseded', metric, ...valuesOf(before.value, value), by, version, ...commandOf(before) });
  }
  const from = before?.value ?? kept?.value;
  if (value === undefined) {
    note({ event: 'withdrawn', metric, ...valuesOf(from, undefined), by, version });
    if (before !== undefined) forget(Object.assign(before, { version }), since);
    return;
  }
  note({ event: 'asked', metric, ...valuesOf(from, value), by, version, ...commandOf({ command }) });
  const isThere = kept !== undefined && fits(metric, kept.value, value) && command === undefined && !isContested(edit);
  twin.wishes.set(metric, {
    value,
    state: isThere ? 'reached' : 'pending',
    version,
    at: when.wall - ageMs,
    since,
    by,
    command,
    rivals,
  });
}

const valuesOf = (from: TwinValue | undefined, to: TwinValue | undefined) => ({
  ...(from !== undefined && { from }),
  ...(to !== undefined && { to }),
});

/** How a command of the twin ended. Says whether that changed anything. */
export function ended(
  twin: Twin,
  result: Pick<CommandResult, 'command' | 'state' | 'code' | 'detail'>,
  note: Note,
): boolean {
  for (const wish of twin.wishes.values()) wish.rivals = wish.rivals?.filter((rival) => rival !== result.command);
  const waiting = [...twin.wishes].filter(([, wish]) => wish.command === result.command && wish.state === 'pending');
  if (waiting.length === 0) return false;
  twin.version += 1;
  const isDone = result.state === 'acked';
  for (const [metric, wish] of waiting) {
    wish.version = twin.version;
    wish.state = isDone ? 'reached' : 'failed';
    if (!isDone) Object.assign(wish, { code: result.code, detail: result.detail });
    const to = wish.value;
    const why = isDone || result.detail === undefined ? undefined : { detail: result.detail };
    const event = isDone ? 'reached' : 'failed';
    note({
      event,
      metric,
      ...(to !== undefined && { to }),
      by: wish.by,
      version: twin.version,
      ...commandOf(wish),
      ...why,
    });
  }
  return true;
}
