import type { Alarm } from '../../contracts/alarms.ts';
import type { AlarmBounds } from './bounds.ts';
import type { KeptAlarm } from './tables.ts';

export const keyOf = ({ code, subject }: Pick<Alarm, 'code' | 'subject'>): string => `${code}\n${subject}`;
export const isOpen = ({ state }: Pick<Alarm, 'state'>): boolean => state !== 'cleared';

/** The alarms that are open, and those that were cleared a moment ago. */
export interface AlarmBook {
  at(key: string): KeptAlarm | undefined;
  find(id: string): KeptAlarm | undefined;
  /** In the order in which they were raised. */
  open(): KeptAlarm[];
  readonly openCount: number;
  put(alarm: KeptAlarm): void;
  /** Forgets what was cleared so long ago, in lived time, that it does not come again as the same alarm. */
  forget(now: number): void;
}

export function openBook(stored: readonly KeptAlarm[], bounds: Pick<AlarmBounds, 'flapMs' | 'maxRecent'>): AlarmBook {
  const byKey = new Map<string, KeptAlarm>();
  const byId = new Map<string, KeptAlarm>();
  /** Keys of the cleared ones, the first cleared first. */
  const recent = new Set<string>();
  let openCount = 0;
  const drop = (key: string): void => {
    const alarm = byKey.get(key);
    if (alarm === undefined) return;
    byKey.delete(key);
    byId.delete(alarm.id);
    recent.delete(key);
    if (isOpen(alarm)) openCount -= 1;
  };
  const put = (alarm: KeptAlarm): void => {
    const key = keyOf(alarm);
    drop(key);
    byKey.set(key, alarm);
    byId.set(alarm.id, alarm);
    if (isOpen(alarm)) openCount += 1;
    else recent.add(key);
    const [first] = recent;
    if (recent.size > bounds.maxRecent && first !== undefined) drop(first);
  };
  for (const alarm of stored.toSorted((one, other) => (one.endedMs ?? 0) - (other.endedMs ?? 0))) put(alarm);
  return {
    at: (key) => byKey.get(key),
    find: (id) => byId.get(id),
    open: () => [...byKey.values()].filter(isOpen).toSorted((one, other) => one.n - other.n),
    get openCount() {
      return openCount;
    },
    put,
    forget(now) {
      for (const key of recent) {
        if ((byKey.get(key)?.endedMs ?? 0) + bounds.flapMs > now) break;
        drop(key);
      }
    },
  };
}
