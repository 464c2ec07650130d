import type { Scalar } from '../../contracts/message.ts';
import type { DeadbandRule } from './options.ts';

/** The last value that was kept, and when, in monotonic milliseconds. */
export interface Kept {
  readonly value: Scalar;
  readonly at: number;
}

/** Whether a value tells nothing new. A value of another type, or none at all, always does. */
export function isWithinDeadband(value: Scalar, kept: Kept | undefined, rule: DeadbandRule, now: number): boolean {
  if (kept === undefined || now - kept.at >= rule.maxSilenceMs) return false;
  if (typeof value !== 'number' || typeof kept.value !== 'number') return value === kept.value;
  const change = Math.abs(value - kept.value);
  return change <= (rule.absolute ?? 0) || change <= (rule.relative ?? 0) * Math.abs(kept.value);
}
