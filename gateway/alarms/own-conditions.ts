import type { Logger } from 'pino';
import type { Severity } from '../../contracts/alarm-words.ts';
import type { AlarmDesk } from '../../contracts/alarms.ts';
import type { Scheduler } from '../lib/scheduler.ts';
import type { ActiveAlarm } from '../observability/alarms.ts';
import { defaultBounds } from './bounds.ts';

/** What the gateway tells of itself: the urgent ones; whatever else is there is `medium`. */
const urgent: Readonly<Record<string, Severity>> = {
  'disk-full': 'critical',
  'buffer-writer': 'critical',
  'buffer-corrupt': 'high',
  'config-broken': 'high',
  COMMAND_NOT_DONE: 'high',
};
const by = 'gateway';

interface Desk extends AlarmDesk {
  open(): readonly { readonly code: string; readonly subject: string; readonly by: string }[];
}

interface OwnDeps {
  readonly desk: Desk;
  /** What is the case now. */
  readonly active: () => readonly ActiveAlarm[];
  readonly scheduler: Scheduler;
  readonly log: Logger;
  readonly graceMs?: number;
}

/** Keeps the gateway's own conditions among the alarms. They are in memory at once, so that a full disk can be told. */
export interface OwnConditions extends Disposable {
  onChange(alarm: ActiveAlarm, active: boolean): void;
}

/**
 * What was open in an earlier life and is not told again within the grace is over. None of them is latched: the gateway
 * tells when it is over, and nobody has to look for that.
 */
export function keepOwnConditions({ desk, active, scheduler, log, graceMs }: OwnDeps): OwnConditions {
  const failed = (err: unknown): void => log.warn({ err }, 'a condition of the gateway is told, but not yet stored');
  const onChange = ({ code, subject, detail }: ActiveAlarm, isActive: boolean): void => {
    const text =
      detail
        .replaceAll(/\p{Cc}+/gu, ' ')
        .trim()
        .slice(0, 1_024) || code;
    const severity = urgent[code] ?? 'medium';
    const told = isActive
      ? desk.raise({ code, subject: subject.slice(0, 256), severity, detail: text, latched: false, by })
      : desk.clear({ code, subject: subject.slice(0, 256), by });
    told.catch(failed);
  };
  for (const alarm of active()) onChange(alarm, true);
  const isActive = (one: { code: string; subject: string }): boolean =>
    active().some(({ code, subject }) => code === one.code && subject === one.subject);
  const isOld = (one: { code: string; subject: string; by: string }): boolean => one.by === by && !isActive(one);
  const timer = desk.open().some(isOld)
    ? scheduler.after(graceMs ?? defaultBounds.graceMs, () => {
        for (const { code, subject } of desk.open().filter(isOld)) desk.clear({ code, subject, by }).catch(failed);
      })
    : undefined;
  return { onChange, [Symbol.dispose]: () => timer?.[Symbol.dispose]() };
}
