const isoTime = /^(\d{4})-(\d\d)-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

/**
 * A moment as a person writes it, in milliseconds: `2026-11-21T10:00:00Z`, with less behind the day or none, or with
 * another zone; without one it is wall time of this machine, a day alone begins in UTC. Undefined for what is no time.
 */
export function isoTimeIn(text: string): number | undefined {
  const [, year, month, day] = isoTime.exec(text) ?? [];
  // The parser takes the 30th of February for the 2nd of March.
  const asked = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (asked.getUTCDate() !== Number(day)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}
