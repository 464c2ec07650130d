import type { SourceTime } from '../../contracts/plugin.ts';
import type { Measurement } from '../../contracts/message.ts';
import { aheadMs, earliestMs } from '../lib/late.ts';
import { localToUtc, type OffsetAt } from '../lib/zone-time.ts';

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
