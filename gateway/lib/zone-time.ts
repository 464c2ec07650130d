const dayMs = 24 * 3_600_000;

/** Milliseconds to add to UTC to get the wall time of a zone, at that moment. */
export type OffsetAt = (utcMs: number) => number;

/**
 * Wall time of a zone to UTC. In the hour that comes twice in autumn the reading nearer to the receive time wins; in the
 * hour that spring skips, the offset from before the change applies.
 */
export function localToUtc(localMs: number, nearMs: number, offsetAt: OffsetAt): number {
  const earlier = localMs - offsetAt(localMs - dayMs);
  const later = localMs - offsetAt(localMs + dayMs);
  if (earlier === later) return earlier;
  const earlierHolds = earlier + offsetAt(earlier) === localMs;
  const laterHolds = later + offsetAt(later) === localMs;
  if (earlierHolds && laterHolds) return Math.abs(earlier - nearMs) <= Math.abs(later - nearMs) ? earlier : later;
  return laterHolds ? later : earlier;
}

/** Offsets of an IANA zone. Asking Intl is slow, so the answer of each quarter of an hour is remembered, boundedly. */
export function zoneOffsets(timeZone: string): OffsetAt {
  // Made when it is first needed: many houses never send a time without a zone, and it costs memory.
  let format: Intl.DateTimeFormat | undefined;
  const slotMs = 15 * 60_000;
  const remembered = new Map<number, number>();
  return (utcMs) => {
    const slot = Math.floor(utcMs / slotMs);
    let offset = remembered.get(slot);
    if (offset === undefined) {
      format ??= wallClock(timeZone);
      offset = askIntl(format, slot * slotMs);
      if (remembered.size >= 1_000) remembered.clear();
      remembered.set(slot, offset);
    }
    return offset;
  };
}

function wallClock(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
}

function askIntl(format: Intl.DateTimeFormat, utcMs: number): number {
  if (!Number.isFinite(utcMs) || Math.abs(utcMs) > 8.64e15) return 0;
  const part = Object.fromEntries(format.formatToParts(utcMs).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(utcMs / 1000) * 1000;
}
