import type { AlarmOp } from '../../contracts/alarm-words.ts';
import type { Alarm } from '../../contracts/alarms.ts';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Core } from './core.ts';
import type { KeptAlarm } from './tables.ts';
import { nextState } from './transitions.ts';

/** What a person does with an alarm. `minutes` are of the shelf; 0 takes it off. */
export interface PersonsWish {
  readonly id: string;
  readonly does: 'acknowledge' | 'clear' | 'shelve' | 'comment';
  readonly by: string;
  readonly note?: string | undefined;
  readonly minutes?: number | undefined;
}

interface Deed {
  readonly op: AlarmOp;
  readonly change: Partial<KeptAlarm>;
}

const minuteMs = 60_000;

/** Does it with an alarm that is open; see `Alarms.operate`. A comment may be made later too. */
export async function operate(core: Core, wish: PersonsWish): Promise<Alarm> {
  const alarm = core.book.find(wish.id);
  if (alarm === undefined) return tooLate(core, wish);
  const deed = deedOf(core, alarm, wish);
  const after = { ...alarm, changed: core.wallMs(), ...deed.change };
  await core.commit(after, { op: deed.op, by: wish.by, note: wish.note });
  return core.shown(after);
}

function deedOf(core: Core, alarm: KeptAlarm, { does, by, minutes = 0 }: PersonsWish): Deed {
  if (does === 'comment') return { op: 'commented', change: {} };
  if (does === 'shelve') {
    if (alarm.state === 'cleared') throw meansNothing(alarm, 'shelve');
    if (minutes === 0) return { op: 'unshelved', change: { shelvedMs: undefined, shelvedBy: undefined } };
    const shelvedMs = core.time.now() + Math.ceil(minutes * minuteMs);
    return { op: 'shelved', change: { shelvedMs, shelvedBy: by } };
  }
  const state = nextState(alarm.state, does === 'clear' ? 'reset' : 'acknowledge');
  if (state === undefined) throw meansNothing(alarm, does);
  const ended = state === 'cleared' && { endedMs: core.time.now() };
  const op = does === 'clear' ? 'cleared' : 'acknowledged';
  return { op, change: { state, ...(does === 'acknowledge' && { acknowledgedBy: by }), ...ended } };
}

const meansNothing = ({ code, state }: KeptAlarm, does: string): PortcullisError =>
  new PortcullisError('CONFLICT', `The alarm ${code} is ${state}: there is nothing to ${does}.`);

async function tooLate({ store }: Core, { id, does }: PersonsWish): Promise<never> {
  const [row] = await store.read('alarms.find', [id]);
  if (row === undefined) throw new PortcullisError('NOT_FOUND', `There is no alarm "${id}".`);
  throw new PortcullisError('CONFLICT', `The alarm ${String(row['code'])} was cleared: there is nothing to ${does}.`);
}
