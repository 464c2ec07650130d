import { isAlarm } from '../../contracts/alarm.ts';
import type { Kind, Metric, RecordClass } from '../../contracts/message.ts';

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
  return isAlarm(kind, metrics) ? 'alarm' : classOfKind[kind];
}
