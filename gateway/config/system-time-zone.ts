import { existsSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

export interface SystemTime {
  /** The variable `TZ`, where it is set. */
  readonly variable?: string | undefined;
  /** The file that the C library takes the zone from, usually a link into `zones`. */
  readonly link: string;
  /** The folder of the zones. */
  readonly zones: string;
}

const fromSystem = (): SystemTime => ({
  variable: process.env['TZ'],
  link: '/etc/localtime',
  zones: '/usr/share/zoneinfo',
});

/**
 * The IANA name of the zone that this machine is in. Asking Intl for it would load ICU's tables into each gateway (8 MB),
 * so the link that Debian and systemd keep is read; Intl is asked only where there is none that names a place.
 */
export function systemTimeZone({ variable, link, zones }: SystemTime = fromSystem()): string {
  const zone = variable || (targetOf(link).split('/zoneinfo/')[1] ?? '');
  if (!/^(?:Etc\/UTC|(?!Etc\/)[A-Z]\w+\/[\w+/-]+)$/.test(zone) || !existsSync(join(zones, zone))) return fromIntl();
  return zone === 'Etc/UTC' ? 'UTC' : zone;
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    // A copy in place of a link, or a machine without zones: Intl knows what else there is to ask.
    return '';
  }
}

/** What Intl cannot make out either it calls unknown, or says nothing of, whatever its type promises. */
function fromIntl(): string {
  const { timeZone }: { timeZone?: string } = Intl.DateTimeFormat().resolvedOptions();
  return timeZone === undefined || timeZone === 'Etc/Unknown' ? 'UTC' : timeZone;
}
