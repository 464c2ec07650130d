import type { Kind, Metric } from './message.ts';

/** Metrics whose `true` endangers people or the house. */
const hazards = new Set(['smoke', 'gas', 'carbon_monoxide', 'moisture', 'tamper', 'safety']);

/** Whether a message is an alarm: its kind says so, or a hazard is true, whatever kind it has. */
export function isAlarm(kind: Kind, metrics: readonly Metric[]): boolean {
  if (kind === 'alarm') return true;
  for (const metric of metrics) {
    if (metric.vb === true && hazards.has(metric.n)) return true;
  }
  return false;
}
