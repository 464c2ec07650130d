import type { TimeCondition } from '../../../contracts/rule-condition.ts';
import { localToUtc, type OffsetAt } from '../../lib/zone-time.ts';
import type { SunEvent, sunTime } from './sun.ts';

/** Where the site is. The sun is loaded only for a rule that asks for it. */
export interface Site {
  readonly offsetAt: OffsetAt;
  readonly latitude: number | undefined;
  readonly longitude: number | undefined;
}

/** Whether a moment of wall time is in it, and when that changes next, at the latest in a day. */
export type Window = (wallMs: number) => { readonly inside: boolean; readonly until: number };

/** A moment of each local day; undefined on the days when it is not. `nth` says which of two equal readings is meant. */
type DayTime = (dayStartLocalMs: number, nth: 'first' | 'last') => number;

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];
const dayNames = ['su', 'mo', 'tu', 'we', 'th', 'fr', 'sa'] as const;

/** Throws an Error with a sentence where the sun is asked for and nobody knows where the site is. */
export function timeWindow(time: TimeCondition, site: Site, sun: typeof sunTime | undefined): Window {
  const from = dayTime(time.at ?? time.from ?? '00:00', site, sun);
  const to = time.at === undefined ? dayTime(time.to ?? '00:00', site, sun) : undefined;
  const isDay = (dayStart: number): boolean => {
    const name = dayNames[new Date(dayStart).getUTCDay()];
    return time.days === undefined || (name !== undefined && time.days.includes(name));
  };
  return (wallMs) => {
    const today = Math.floor((wallMs + site.offsetAt(wallMs)) / dayMs) * dayMs;
    let inside = false;
    let until = wallMs + dayMs;
    for (const day of [today - dayMs, today, today + dayMs]) {
      if (!isDay(day)) continue;
      const start = from(day, 'first');
      const end = endOf(start, day, to);
      if (start <= wallMs && wallMs < end) inside = true;
      for (const edge of [start, end]) if (edge > wallMs) until = Math.min(until, edge);
    }
    return { inside, until };
  };
}

/** A time without end is a minute long: long enough to be seen once, also after a start. */
function endOf(start: number, day: number, to: DayTime | undefined): number {
  if (to === undefined) return start + minuteMs;
  const sameDay = to(day, 'last');
  return sameDay > start ? sameDay : to(day + dayMs, 'last');
}

function dayTime(text: string, site: Site, sun: typeof sunTime | undefined): DayTime {
  const clock = /^(\d\d):(\d\d)$/.exec(text);
  if (clock !== null) {
    const ofDay = Number(clock[1]) * hourMs + Number(clock[2]) * minuteMs;
    // Of a reading that comes twice in autumn a window takes both; one that spring skips is an hour later.
    return (day, nth) => localToUtc(day + ofDay, nth === 'first' ? 0 : Number.MAX_SAFE_INTEGER, site.offsetAt);
  }
  const [, event = '', sign, amount, unit] = /^([a-z]+)(?:([+-])(\d+)([mh]))?$/.exec(text) ?? [];
  const offset =
    amount === undefined ? 0 : (sign === '-' ? -1 : 1) * Number(amount) * (unit === 'h' ? hourMs : minuteMs);
  const { latitude, longitude } = site;
  if (latitude === undefined || longitude === undefined || sun === undefined) {
    throw new Error(`${text} needs site.latitude and site.longitude in the configuration`);
  }
  return (day) => sun(event as SunEvent, localToUtc(day + 12 * hourMs, 0, site.offsetAt), latitude, longitude) + offset;
}
