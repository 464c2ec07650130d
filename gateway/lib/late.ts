/** Before it no gateway of this kind existed: a clock that says so was never set. */
export const earliestMs = Date.UTC(2020, 0, 1);
/** A source may run ahead of the gateway by this much before its clock is not believed. */
export const aheadMs = 10 * 60_000;

/** The times of a measurement, and whose clock told `ts`. */
export interface Told {
  readonly ts: number;
  readonly clk: 'source' | 'gateway' | 'suspect';
  readonly rts: number;
}

/**
 * Whether a measurement is older than one that came before it. What has the time of its arrival is never late, and a
 * time that is still to come was told by a clock that has been set back since.
 */
export function isLate({ ts, clk, rts }: Told, lastTs: number): boolean {
  return clk === 'source' && ts < lastTs && (rts < earliestMs || lastTs <= rts + aheadMs);
}
