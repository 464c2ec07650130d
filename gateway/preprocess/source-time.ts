import type { SourceTime } from '../../contracts/plugin.ts';
import type { Measurement } from '../../contracts/message.ts';
import { localToUtc, type OffsetAt } from '../lib/zone-time.ts';

/** Before it no gateway of this kind existed: a clock that says so was never set. */
const earliestMs = Date.UTC(2020, 0, 1);
/** A source may run ahead of the gateway by this much before its clock is not believed. */
const aheadMs = 10 * 60_000;

/**
 * Settles which clock a measurement's time comes from. A source time that is implausible (1970 before NTP, far ahead of
 * a gateway whose own clock is set) gives way to the receive time; that is `suspect` when the gateway's clock is unset.
 */
export function resolveSourceTime(
  at: SourceTime | undefined,
  receivedAt: number,
  offsetAt: OffsetAt,
): Pick<Measurement, 'ts' | 'clk'> {
  const gatewayIsSet = receivedAt >= earliestMs;
  if (at !== undefined) {
    const ts = Math.round('utcMs' in at ? at.utcMs : localToUtc(at.localMs, receivedAt, offsetAt));
    const plausible = ts >= earliestMs && (!gatewayIsSet || ts <= receivedAt + aheadMs);
    if (plausible && Number.isSafeInteger(ts)) return { ts, clk: 'source' };
  }
  return { ts: Math.round(receivedAt), clk: gatewayIsSet ? 'gateway' : 'suspect' };
}

/**
 * Whether a measurement is older than one that came before it. What has the time of its arrival is never late, and a
 * time that is still to come was told by a clock that has been set back since.
 */
export function isLate({ ts, clk, rts }: Pick<Measurement, 'ts' | 'clk' | 'rts'>, lastTs: number): boolean {
  return clk === 'source' && ts < lastTs && (rts < earliestMs || lastTs <= rts + aheadMs);
}
