import type { Measurement, Scalar } from '../../contracts/message.ts';

/** When a metric last had a value that was not a duplicate; `ts` only where the source told it. */
export interface Seen {
  value: Scalar;
  at: number;
  ts: number | undefined;
}

/**
 * One value that came twice: as JSON and as attribute topic, as status and as event, through two radio gateways.
 * Two different source times are two samples, and an event without source time may well happen twice.
 * `at` and `windowMs` are monotonic milliseconds.
 */
export function isDuplicate(
  next: Readonly<Seen>,
  seen: Readonly<Seen> | undefined,
  kind: Measurement['kind'],
  windowMs: number,
): boolean {
  if (seen === undefined || seen.value !== next.value || next.at - seen.at > windowMs) return false;
  if (next.ts !== undefined && seen.ts !== undefined) return next.ts === seen.ts;
  return kind === 'telemetry' || kind === 'state';
}
