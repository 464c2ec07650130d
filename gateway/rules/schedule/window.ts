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

/** A moment of each local day; NaN on the days when it is not. */
interface DayTime {
  /** `nth` says which of two equal readings is meant. */
  at(dayStartLocalMs: number, nth: 'first' | 'last'): number;
  /** What the clock on the wall is to say then, in local milliseconds. */
  reading(dayStartLocalMs: number): number;
}

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];
const dayNames = ['su', 'mo', 'tu', 'we', 'th', 'fr', 'sa'] as const;

/** Throws an Error with a sentence where the sun is asked for and nobody knows where the site is. */
export function timeWindow(time: TimeCondition, site: Site, sun: typeof sunTime | undefined): Window {
  const from = dayTime(time.at ?? time.from ?? '00:00', site, sun);
  // A time without end is a minute long: long enough to be seen once, also after a start.
  const to = time.at === undefined ? dayTime(time.to ?? '00:00', site, sun) : undefined;
  const isDay = (dayStart: number): boolean => {
    const name = dayNames[new Date(dayStart).getUTCDay()];
    return time.days === undefined || (name !== undefined && time.days.includes(name));
  };
  return (wallMs) => {
    const today = Math.floor((wallMs + site.offsetAt(wallMs)) / dayMs) * dayMs;
    let inside = false;
    let until = wallMs + dayMs;
    // An offset from the sun may move a window by half a day.
    for (const day of [today - 2 * dayMs, today - dayMs, today, today + dayMs]) {
      if (!isDay(day)) continue;
      const start = from.at(day, 'first');
      const end = to === undefined ? start + minuteMs : endOf(from, to, day);
      if (start <= wallMs && wallMs < end) inside = true;
      for (const edge of [start, end]) if (edge > wallMs) until = Math.min(until, edge);
    }
    return { inside, until };
  };
}

/**
 * Readings say whether a window goes over midnight: on the days when the clock is set moments do not. Where that day skips
 * the beginning, so that it comes after the end, the window is empty.
 */
function endOf(from: DayTime, to: DayTime, day: number): number {
  const isSameDay = to.reading(day) > from.reading(day);
  return to.at(isSameDay ? day : day + dayMs, 'last');
}

function dayTime(text: string, site: Site, sun: typeof sunTime | undefined): DayTime {
  const clock = /^(\d\d):(\d\d)$/.exec(text);
  if (clock !== null) {
    const ofDay = Number(clock[1]) * hourMs + Number(clock[2]) * minuteMs;
    // Of a reading that comes twice in autumn a window takes both; one that spring skips is an hour later.
    return {
      at: (day, nth) => localToUtc(day + ofDay, nth === 'first' ? 0 : Number.MAX_SAFE_INTEGER, site.offsetAt),
      reading: (day) => day + ofDay,
    };
  }
  const [, event = '', sign, amount, unit] = /^([a-z]+)(?:([+-])(\d+)([mh]))?$/.exec(text) ?? [];
  const offset =
    amount === undefined ? 0 : (sign === '-' ? -1 : 1) * Number(amount) * (unit === 'h' ? hourMs : minuteMs);
  const { latitude, longitude } = site;
  if (latitude === undefined || longitude === undefined || sun === undefined) {
    throw new Error(`${text} needs site.latitude and site.longitude in the configuration`);
  }
  const at = (day: number): number =>
    sun(event as SunEvent, localToUtc(day + 12 * hourMs, 0, site.offsetAt), latitude, longitude) + offset;
  return {
    at,
    reading(day) {
      const moment = at(day);
      return moment + site.offsetAt(moment);
    },
  };
}
