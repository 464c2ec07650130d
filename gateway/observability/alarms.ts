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

interface Kept {
  readonly alarm: ActiveAlarm;
  readonly explains: readonly string[];
  /** It was told as raised, so its end is told too. */
  told: boolean;
}

/**
 * Keeps the alarms that are active now, one per code and subject, without those that another one explains. `onChange`
 * hears each that is shown raised and cleared once, however often the condition is told.
 */
export function openAlarmBook(now: () => number, onChange: (alarm: ActiveAlarm, active: boolean) => void): AlarmBook {
  const active = new Map<string, Kept>();
  const shown = (): readonly Kept[] => {
    const all = [...active.values()];
    const isExplained = ({ alarm: { code, subject } }: Kept): boolean =>
      all.some(({ alarm, explains }) => alarm.subject === subject && explains.includes(code));
    return all.filter((one) => !isExplained(one));
  };
  const subscription = listen(
    'alarm',
    ({ code, subject, detail, active: isActive, explains = [] }: Events['alarm']) => {
      const key = `${code} ${subject}`;
      const known = active.get(key);
      if (isActive) {
        if (known === undefined && active.size >= maxAlarms) return;
        const alarm = { code, subject, detail, since: known?.alarm.since ?? now() };
        active.set(key, { alarm, explains, told: known?.told ?? false });
      } else {
        active.delete(key);
        if (known?.told) onChange(known.alarm, false);
      }
      for (const one of shown().filter(({ told }) => !told)) {
        one.told = true;
        onChange(one.alarm, true);
      }
    },
  );
  return {
    active: () => shown().map(({ alarm }) => alarm),
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };
}
