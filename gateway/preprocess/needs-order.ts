import type { Metric } from '../../contracts/message.ts';
import type { StepOptions } from './options.ts';

/**
 * Whether the ordered steps have anything to do with a message's metrics. What they leave alone is written down in the
 * decode thread, once, and the main thread hands that text on.
 */
export function needsOrder({ dedupeMs, deadband, rollup }: StepOptions): (metrics: readonly Metric[]) => boolean {
  const everything = dedupeMs > 0 || Object.keys(deadband).length > 0 || Object.keys(rollup).length > 0;
  return (metrics) => everything || metrics.some((metric) => metric.c === 'total_increasing');
}
