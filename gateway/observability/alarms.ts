import { listen, type Events } from './channels.ts';

/** A condition of the gateway itself that a person must know about, while it lasts. */
export interface ActiveAlarm {
  readonly code: string;
  readonly subject: string;
  readonly detail: string;
  /** Wall time in milliseconds at which it was raised. */
  readonly since: number;
}

export interface AlarmBook extends Disposable {
  active(): readonly ActiveAlarm[];
}

const maxAlarms = 1_000;

/**
 * Keeps the alarms that are active now, one per code and subject; `onChange` hears each one raised or cleared once,
 * however often the condition is told.
 */
export function openAlarmBook(now: () => number, onChange: (alarm: ActiveAlarm, active: boolean) => void): AlarmBook {
  const active = new Map<string, ActiveAlarm>();
  const subscription = listen('alarm', (event: Events['alarm']) => {
    const key = `${event.code} ${event.subject}`;
    const known = active.get(key);
    if (!event.active) {
      if (known !== undefined && active.delete(key)) onChange(known, false);
      return;
    }
    if (known === undefined && active.size >= maxAlarms) return;
    const alarm = { code: event.code, subject: event.subject, detail: event.detail, since: known?.since ?? now() };
    active.set(key, alarm);
    if (known === undefined) onChange(alarm, true);
  });
  return {
    active: () => [...active.values()],
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };
}
