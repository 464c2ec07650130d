import type { Contact } from '../../contracts/contacts.ts';

const dayMinutes = 1_440;
const minuteMs = 60_000;
/** A clock that was never set shows a time before this; by it nobody can say whether it is night. */
const setAfter = Date.UTC(2026, 0, 1);

const formats = new Map<string, Intl.DateTimeFormat>();

/** Minutes since midnight on the clock of the site. */
function minuteOfDay(wallMs: number, timeZone: string): number {
  let format = formats.get(timeZone);
  format ??= new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  formats.set(timeZone, format);
  const [hour = 0, minute = 0] = format.format(wallMs).split(':').map(Number);
  return hour * 60 + minute;
}

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/**
 * How long the quiet hours still last, in milliseconds; 0 outside of them. The end is found by the clock, so a change to
 * summer time meanwhile is seen by asking again. While the clock of the gateway was never set, there are no quiet hours.
 */
export function quietForMs(quiet: Contact['quiet'], wallMs: number, timeZone: string): number {
  if (quiet === undefined || wallMs < setAfter) return 0;
  const now = minuteOfDay(wallMs, timeZone);
  const [from, to] = [minutesOf(quiet.from), minutesOf(quiet.to)];
  const isQuiet = from <= to ? now >= from && now < to : now >= from || now < to;
  if (!isQuiet) return 0;
  const left = (to - now + dayMinutes) % dayMinutes;
  return left * minuteMs - (wallMs % minuteMs);
}
