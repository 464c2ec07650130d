import { randomBytes } from 'node:crypto';
import type { Alarm } from '../../contracts/alarms.ts';
import type { Contact } from '../../contracts/contacts.ts';
import { rankOf, type Notice } from './tables.ts';

/** What a plan is made of. Times are lived milliseconds. */
export interface Site {
  contactOf(name: string): Contact | undefined;
  /** Groups and people who are responsible for a place, or for what is in no area that anybody is responsible for. */
  responsibleFor(place: string | undefined): readonly string[];
  /** The people in a group. */
  membersOf(group: string): readonly string[];
  /** Until when nobody is told of the alarm again over this way. */
  restsUntil(alarm: Alarm, way: string): number;
}

export interface Moment {
  readonly now: number;
  readonly wallMs: number;
}

export type Way = Pick<Notice, 'who' | 'channel' | 'to'>;

export const wayOf = ({ channel, to }: Pick<Way, 'channel' | 'to'>): string => `${channel}\n${to}`;

/** Whether neither quiet hours nor a digest hold the alarm back. */
export const breaksThrough = ({ severity }: Pick<Alarm, 'severity'>, contact: Contact): boolean =>
  rankOf(severity) >= rankOf(contact.through);

const minuteMs = 60_000;

/**
 * Who is told that an alarm was raised: everybody responsible now, or with their digest, and those behind them later, unless
 * somebody acknowledges before. Each way is used once, however many groups lead to it.
 */
export function noticesOfRaise(alarm: Alarm, site: Site, moment: Moment): Notice[] {
  const notices = new Map<string, Notice>();
  const add = (name: string, why: Notice['why'], afterMs: number): void => {
    const contact = site.contactOf(name);
    if (contact === undefined || rankOf(alarm.severity) < rankOf(contact.least)) return;
    for (const { channel, to } of contact.ways) {
      const way = { who: name, channel, to };
      if (notices.has(wayOf(way))) continue;
      const dueMs = dueOf(alarm, way, site, moment) + afterMs;
      notices.set(wayOf(way), noticeOf(alarm, way, why, { ...moment, dueMs }));
    }
  };
  const names = [...new Set(site.responsibleFor(alarm.place))];
  for (const name of names) add(name, 'raised', 0);
  for (const name of names) {
    for (const { afterMinutes, to } of site.contactOf(name)?.escalation ?? []) {
      for (const each of [to, ...site.membersOf(to)]) add(each, 'escalated', afterMinutes * minuteMs);
    }
  }
  return [...notices.values()];
}

/** Those who were told are told that it is over. */
export function noticesOfEnd(alarm: Alarm, ways: readonly Way[], site: Site, moment: Moment): Notice[] {
  return ways.map((way) => noticeOf(alarm, way, 'cleared', { ...moment, dueMs: dueOf(alarm, way, site, moment) }));
}

/** A way over which the same alarm was told a moment ago rests; a digest waits for company. */
function dueOf(alarm: Alarm, way: Way, site: Site, { now }: Moment): number {
  const contact = site.contactOf(way.who);
  const isGathered = contact?.digestMinutes !== undefined && !breaksThrough(alarm, contact);
  const gatheredUntil = isGathered ? now + (contact.digestMinutes ?? 0) * minuteMs : now;
  return Math.max(now, gatheredUntil, site.restsUntil(alarm, wayOf(way)));
}

function noticeOf(
  alarm: Alarm,
  { who, channel, to }: Way,
  why: Notice['why'],
  { now, wallMs, dueMs }: Moment & { readonly dueMs: number },
): Notice {
  return { who, channel, to, id: randomBytes(16).toString('hex'), why, alarm, bornMs: now, dueMs, at: wallMs };
}
