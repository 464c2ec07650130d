import type { Metric } from '../../contracts/message.ts';
import type { StepOptions } from './options.ts';

/**
 * Whether the ordered steps must see a message's metrics themselves: counters, deadbands, roll-ups. Every other message
 * is written down in the decode thread, in parts, and the main thread only leaves parts out.
 */
export function needsMetrics({ deadband, rollup }: StepOptions): (metrics: readonly Metric[]) => boolean {
  const named = new Set([...Object.keys(deadband), ...Object.keys(rollup)]);
  return (metrics) => metrics.some(({ n, c }) => c === 'total_increasing' || named.has(n));
}
