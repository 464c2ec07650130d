import { randomBytes } from 'node:crypto';
import { severities } from '../../contracts/alarm-words.ts';
import { newAlarmSchema, type Alarm, type AlarmEnd, type NewAlarm } from '../../contracts/alarms.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import { tell } from '../observability/channels.ts';
import { isOpen, keyOf } from './alarm-book.ts';
import type { Core } from './core.ts';
import type { KeptAlarm } from './tables.ts';
import { nextState } from './transitions.ts';

/** A condition is there. See `AlarmDesk`. */
export async function raise(core: Core, wanted: NewAlarm): Promise<Alarm> {
  const parsed = newAlarmSchema.safeParse(wanted);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new PortcullisError('COMMAND_INVALID', `The alarm's ${issue?.path.join('.')}: ${issue?.message}.`);
  }
  const alarm = parsed.data;
  core.book.forget(core.time.now());
  const known = core.book.at(keyOf(alarm));
  if (known === undefined) return begin(core, alarm);
  const kept = isOpen(known) && known.state !== 'returned' ? goesOn(core, known, alarm) : again(core, known, alarm);
  await kept;
  return core.shown(core.book.at(keyOf(alarm)) ?? known);
}

/** The condition of an alarm is over. See `AlarmDesk`. */
export async function clear(core: Core, end: AlarmEnd): Promise<void> {
  const known = core.book.at(keyOf(end));
  const state = known && nextState(known.state, known.latched ? 'latch' : 'normal');
  if (known === undefined || state === undefined) return;
  const isOver = state === 'cleared';
  const alarm = { ...known, state, changed: core.wallMs(), ...(isOver && { endedMs: core.time.now() }) };
  await core.commitCalmly(alarm, { op: isOver ? 'cleared' : 'returned', by: end.by });
}

async function begin(core: Core, { latched, place, ...wanted }: NewAlarm): Promise<Alarm> {
  // What the gateway tells of itself has a bound of its own.
  if (core.book.openCount >= core.bounds.maxOpen && wanted.by !== 'gateway') {
    tell('rejected', { stage: 'alarms', reason: 'too-many', count: 1 });
    throw new PortcullisError('OVERLOADED', 'Too many alarms are open. Clear those that are over.');
  }
  const now = core.wallMs();
  const alarm: KeptAlarm = {
    ...wanted,
    n: core.nextN(),
    id: randomBytes(8).toString('hex'),
    state: 'raised',
    since: now,
    changed: now,
    count: 1,
    latched: latched ?? wanted.severity === 'critical',
    place: place ?? core.directory.deviceAt(wanted.subject)?.place,
  };
  await core.commitCalmly(alarm, { op: 'raised', by: wanted.by });
  return core.shown(alarm);
}

/** It flaps: the same alarm, counted. Who acknowledged it has not seen this one. */
function again(core: Core, known: KeptAlarm, { detail, severity, by }: NewAlarm): Promise<void> {
  const alarm: KeptAlarm = {
    ...known,
    detail,
    severity,
    by,
    state: 'raised',
    changed: core.wallMs(),
    count: known.count + 1,
    acknowledgedBy: undefined,
    endedMs: undefined,
  };
  return core.commitCalmly(alarm, { op: 'raised', by });
}

/** It is there already. One that got worse wants to be seen again. */
async function goesOn(core: Core, known: KeptAlarm, { detail, severity, place, by }: NewAlarm): Promise<void> {
  const isSame = known.detail === detail && known.severity === severity && (place ?? known.place) === known.place;
  if (isSame) return;
  const rank = (one: NewAlarm['severity']): number => severities.indexOf(one);
  const isWorse = rank(severity) > rank(known.severity);
  const worse = isWorse ? nextState(known.state, 'worsen') : undefined;
  const alarm: KeptAlarm = {
    ...known,
    detail,
    severity,
    by,
    place: place ?? known.place,
    changed: core.wallMs(),
    ...(worse !== undefined && { state: worse, acknowledgedBy: undefined }),
  };
  await core.commitCalmly(alarm, { op: isWorse ? 'raised' : 'changed', by });
}
