import { listen, type Events } from './channels.ts';

/** A condition of the gateway itself that a person must know about, while it lasts. */
export interface ActiveAlarm {
  readonly code: string;
  readonly subject: string;
  readonly detail: string;
  /** Wall time in milliseconds at which it was raised. */
  readonly since: number;
}

type OnChange = (alarm: ActiveAlarm, active: boolean) => void;

export interface AlarmBook extends Disposable {
  active(): readonly ActiveAlarm[];
  /** One more who hears what `onChange` of `openAlarmBook` hears, from now on and until disposed. */
  follow(onChange: OnChange): Disposable;
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
export function openAlarmBook(now: () => number, onChange: OnChange): AlarmBook {
  const active = new Map<string, Kept>();
  const followers = new Set([onChange]);
  const change: OnChange = (alarm, isActive) => {
    for (const each of followers) each(alarm, isActive);
  };
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
        if (known?.told) change(known.alarm, false);
      }
      for (const one of shown().filter(({ told }) => !told)) {
        one.told = true;
        change(one.alarm, true);
      }
    },
  );
  return {
    active: () => shown().map(({ alarm }) => alarm),
    follow(onChange) {
      followers.add(onChange);
      return { [Symbol.dispose]: () => void followers.delete(onChange) };
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };
}
