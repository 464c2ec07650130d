import type { AlarmOp } from '../../contracts/alarm-words.ts';
import type { Alarm } from '../../contracts/alarms.ts';
import type { Measurement, Place } from '../../contracts/message.ts';
import { ownMessage } from '../../contracts/own-message.ts';

/** What happened to an alarm, and how it is after that. */
export interface AlarmChange {
  readonly alarm: Alarm;
  readonly op: AlarmOp;
  readonly by: string;
  readonly note?: string | undefined;
}

/** The change as a message. It has the key of its device where it is about one, so that it comes behind what led to it. */
export function alarmMessage(
  { alarm, op, by, note }: AlarmChange,
  { isDevice, place }: { readonly isDevice: boolean; readonly place: Place | undefined },
): Measurement {
  const { id, code, subject, severity, state, count, since, detail, shelvedUntil, changed } = alarm;
  return ownMessage(isDevice ? subject : `alarm:${id}`, 'alarms', Math.trunc(changed), {
    kind: 'alarm',
    cls: 'alarm',
    ...(place !== undefined && { place }),
    alarm: {
      id,
      code,
      subject,
      severity,
      state,
      op,
      by,
      count,
      since: Math.trunc(since),
      detail,
      ...(note !== undefined && { note }),
      ...(shelvedUntil !== undefined && { shelvedUntil: Math.trunc(shelvedUntil) }),
    },
  });
}
