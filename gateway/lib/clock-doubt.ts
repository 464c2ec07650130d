import { existsSync } from 'node:fs';

/** Before it no gateway of this kind existed: a clock that says so was never set. */
const earliestMs = Date.UTC(2020, 0, 1);

/** What the machine shows of its clock. */
export interface ClockSigns {
  /** systemd-timesyncd runs, and has heard a time server since the boot. */
  readonly timesync: string;
  readonly synchronized: string;
  /** A clock that goes on without power. */
  readonly battery: string;
}

const signs: ClockSigns = {
  timesync: '/run/systemd/timesync',
  synchronized: '/run/systemd/timesync/synchronized',
  battery: '/sys/class/rtc/rtc0',
};

/**
 * Why the wall clock is not to be believed, undefined while it is. A board without clock battery begins where it was switched
 * off: timesyncd says so by a file that is missing until a server was heard. Machines without timesyncd are believed.
 */
export function clockDoubt(wallMs: number, { timesync, synchronized, battery } = signs): string | undefined {
  if (wallMs < earliestMs) return 'The clock of this machine was never set.';
  if (existsSync(synchronized) || !existsSync(timesync) || existsSync(battery)) return undefined;
  return 'This machine has no clock battery, and has not heard a time server since it was switched on.';
}
