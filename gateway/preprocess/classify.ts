import type { Kind, Metric, RecordClass } from '../../contracts/message.ts';

/** Metrics whose `true` endangers people or the house. */
const hazards = new Set(['smoke', 'gas', 'carbon_monoxide', 'moisture', 'tamper', 'safety']);

const classOfKind: Record<Kind, RecordClass> = {
  telemetry: 'telemetry',
  state: 'state',
  availability: 'state',
  registration: 'state',
  health: 'state',
  event: 'event',
  alarm: 'alarm',
};

/** How the buffer treats a record: a hazard that is true is an alarm, whatever kind its message has. */
export function classify(kind: Kind, metrics: readonly Metric[]): RecordClass {
  for (const metric of metrics) {
    if (metric.vb === true && hazards.has(metric.n)) return 'alarm';
  }
  return classOfKind[kind];
}
