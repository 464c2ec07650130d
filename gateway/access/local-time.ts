import type { LocalTime } from './decide.ts';

/** Before it no gateway of this kind existed: a clock that says so was never set. */
const earliestMs = Date.UTC(2026, 0, 1);

export const isSet = (wallMs: number): boolean => wallMs >= earliestMs;

/** Weekday and minute of the site; undefined when the clock cannot be right. */
export function localTimeOf(timeZone: string): (wallMs: number) => LocalTime | undefined {
  // Made when it is first needed: most sites have no policy with hours, and it costs memory.
  let format: Intl.DateTimeFormat | undefined;
  return (wallMs) => {
    if (!isSet(wallMs)) return undefined;
    format ??= new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      weekday: 'short',
      hour: 'numeric',
      minute: 'numeric',
    });
    const part = Object.fromEntries(format.formatToParts(wallMs).map(({ type, value }) => [type, value]));
    const day = days.indexOf(part['weekday'] ?? '');
    return { day, minute: Number(part['hour']) * 60 + Number(part['minute']) };
  };
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
