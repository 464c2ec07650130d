import { PortcullisError } from '../../contracts/errors.ts';
import { isoTimeIn } from '../lib/iso-time.ts';

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A moment in milliseconds, from a time or from how long ago it was. */
export function timeIn(text: string, now: number): number {
  const [, number, unit] = /^(\d+)([mhd])$/.exec(text) ?? [];
  const at = unit === undefined ? isoTimeIn(text) : now - Number(number) * (unitMs[unit] ?? 0);
  if (at !== undefined && Number.isFinite(new Date(at).getTime())) return at;
  throw new PortcullisError('USAGE', `"${text}" is no time: write 2026-11-20T06:00, or 24h for so long ago.`);
}
