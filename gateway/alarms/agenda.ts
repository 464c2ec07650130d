import type { LivedTime } from '../lib/lived-time.ts';
import type { Scheduler } from '../lib/scheduler.ts';
import { isOpen, keyOf } from './alarm-book.ts';
import type { KeptAlarm } from './tables.ts';

/** What is to be done with alarms later; while there is nothing, no timer wakes the machine. */
export interface Agenda<Held> extends Disposable {
  /** Follows how long the alarm is shelved. */
  note(alarm: KeptAlarm): void;
  /** Keeps what was not written of a flapping alarm; it falls due a rest after the first of it. */
  hold(key: string, held: Held): void;
  heldOf(key: string): Held | undefined;
  drop(key: string): void;
  held(): [key: string, held: Held][];
  /** Keys of the alarms whose time on the shelf is over. */
  offShelf(): string[];
  /** Sets the timer again. */
  wait(): void;
}

/** A look that came a moment too early is not repeated at once. */
const soonMs = 100;

interface AgendaParts {
  readonly time: LivedTime;
  readonly scheduler: Scheduler;
  readonly restMs: number;
  readonly look: () => void;
}

export function openAgenda<Held>(alarms: readonly KeptAlarm[], parts: AgendaParts): Agenda<Held> {
  const { time, scheduler, restMs, look } = parts;
  const shelved = new Map<string, number>();
  const held = new Map<string, { readonly doing: Held; readonly dueMs: number }>();
  let timer: Disposable | undefined;
  let isClosed = false;
  const note = (alarm: KeptAlarm): void => {
    if (alarm.shelvedMs === undefined || !isOpen(alarm)) shelved.delete(keyOf(alarm));
    else shelved.set(keyOf(alarm), alarm.shelvedMs);
  };
  const wait = (): void => {
    timer?.[Symbol.dispose]();
    if (isClosed) return;
    const now = time.now();
    const next = Math.min(...shelved.values(), ...Array.from(held.values(), ({ dueMs }) => dueMs));
    timer = next === Infinity ? undefined : scheduler.after(Math.max(soonMs, next - now), look);
  };
  for (const alarm of alarms) note(alarm);
  return {
    note,
    hold: (key, doing) => void held.set(key, { doing, dueMs: held.get(key)?.dueMs ?? time.now() + restMs }),
    heldOf: (key) => held.get(key)?.doing,
    drop: (key) => void held.delete(key),
    held: () => Array.from(held, ([key, { doing }]) => [key, doing]),
    offShelf: () => [...shelved].flatMap(([key, until]) => (until <= time.now() ? [key] : [])),
    wait,
    [Symbol.dispose]() {
      isClosed = true;
      timer?.[Symbol.dispose]();
    },
  };
}
