import type { Logger } from 'pino';
import type { AlarmOp } from '../../contracts/alarm-words.ts';
import type { Alarm } from '../../contracts/alarms.ts';
import type { Place } from '../../contracts/message.ts';
import type { Append } from '../../contracts/pipeline.ts';
import type { TableStore, Write } from '../../contracts/table-set.ts';
import type { Clock } from '../lib/clock.ts';
import { livedTime, type LivedTime } from '../lib/lived-time.ts';
import { systemScheduler, type Scheduler } from '../lib/scheduler.ts';
import { openAgenda, type Agenda } from './agenda.ts';
import { keyOf, openBook, type AlarmBook } from './alarm-book.ts';
import { alarmMessage, type AlarmChange } from './alarm-message.ts';
import { defaultBounds, type AlarmBounds } from './bounds.ts';
import { openCalm } from './calm.ts';
import { alarmOf, logWrites, putWrite, trimWrites, type KeptAlarm } from './tables.ts';
import { openWriter } from './writer.ts';

/** Who hears of changes, such as the notifications. */
export interface AlarmFollower {
  /**
   * Called in the order of the changes. `writes` are committed with the change; `begin` is called once or more when they are
   * on disk, or when the disk has not answered for a while and the follower may go on without it.
   */
  plan(change: AlarmChange): { readonly writes: readonly Write[]; begin(): void };
}

/** Where things are, as the alarms ask for it. */
export interface AlarmDirectory {
  /** The place of a device; undefined also for what is no device. */
  deviceAt(subject: string): { readonly place: string | undefined } | undefined;
  /** The names of a place; undefined for one that is not there. */
  namesOf(place: string): Place | undefined;
}

export interface AlarmDeps {
  /** Of the buffer itself: what the alarms append makes no device appear. */
  readonly append: Append;
  readonly store: TableStore;
  readonly directory: AlarmDirectory;
  readonly follower?: AlarmFollower | undefined;
  readonly log: Logger;
  readonly clock: Clock;
  readonly scheduler?: Scheduler;
  readonly bounds?: Partial<AlarmBounds>;
}

interface Doing {
  readonly op: AlarmOp;
  readonly by: string;
  readonly note?: string | undefined;
}

/** What raising, clearing and operating share. */
export interface Core extends AsyncDisposable {
  readonly book: AlarmBook;
  readonly bounds: AlarmBounds;
  readonly store: TableStore;
  readonly directory: AlarmDirectory;
  readonly time: LivedTime;
  wallMs(): number;
  nextN(): number;
  shown(alarm: KeptAlarm): Alarm;
  /** Takes a change over in memory and brings it to the disk with its message; resolves after the commit. */
  commit(alarm: KeptAlarm, doing: Doing): Promise<void>;
  /** The same for what a source does: a flapping alarm is written with the next round, and this resolves at once. */
  commitCalmly(alarm: KeptAlarm, doing: Doing): Promise<void>;
}

/** How many new alarms pass between two looks at what is too old. */
const trimEvery = 100;

export async function openCore(deps: AlarmDeps): Promise<Core> {
  const { append, store, directory, follower, log, clock, scheduler = systemScheduler } = deps;
  const bounds = { ...defaultBounds, ...deps.bounds };
  const [[saved], [last]] = await Promise.all([store.read('alarms.readClock', []), store.read('alarms.last', [])]);
  const time = livedTime(saved, clock, 'alarms.putClock');
  const stored = await store.read('alarms.recent', [time.now() - bounds.flapMs]);
  const book = openBook(stored.map(alarmOf), bounds);
  const calm = openCalm(bounds);
  let n = Number(last?.['n'] ?? 0);
  const writer = openWriter({
    append,
    log,
    maxUnwritten: bounds.maxUnwritten,
    checkpoint: () => time.checkpoint(),
  });

  const shown = (alarm: KeptAlarm): Alarm => show(alarm, time.now(), clock.wallMs());
  const commit = (alarm: KeptAlarm, { op, by, note }: Doing): Promise<void> => {
    if (op !== 'commented') agenda.drop(keyOf(alarm));
    book.put(alarm);
    agenda.note(alarm);
    const change = { alarm: shown(alarm), op, by, note };
    const isDevice = directory.deviceAt(alarm.subject) !== undefined;
    const place = alarm.place === undefined ? undefined : directory.namesOf(alarm.place);
    const planned = follower?.plan(change);
    const written = writer.put({
      measurement: alarmMessage(change, { isDevice, place }),
      writes: [
        putWrite(alarm),
        ...logWrites(alarm, { at: alarm.changed, op, by, note }),
        ...(planned?.writes ?? []),
        ...(op === 'raised' && alarm.n % trimEvery === 0 ? trimWrites(n, time.now(), bounds) : []),
      ],
      begin: () => planned?.begin(),
    });
    agenda.wait();
    return written;
  };
  const later = (alarm: KeptAlarm, doing: Doing): void =>
    void commit(alarm, doing).catch((err: unknown) => log.warn({ err }, 'a change of an alarm waits for the disk'));

  const agenda: Agenda<Doing> = openAgenda(book.open(), { time, scheduler, restMs: bounds.restMs, look });
  agenda.wait();

  /** Writes what was held back, and takes off the shelf what is due. */
  function look(): void {
    for (const [key, doing] of agenda.held()) {
      const alarm = book.at(key);
      if (alarm === undefined) agenda.drop(key);
      else if (calm.allows(key, time.now())) later(alarm, doing);
    }
    for (const key of agenda.offShelf()) {
      const alarm = book.at(key);
      if (alarm === undefined) continue;
      const free = { ...alarm, shelvedMs: undefined, shelvedBy: undefined, changed: clock.wallMs() };
      later(free, { op: 'unshelved', by: 'gateway', note: 'Its time on the shelf is over.' });
    }
    agenda.wait();
  }

  return {
    book,
    bounds,
    store,
    directory,
    time,
    wallMs: () => clock.wallMs(),
    nextN: () => (n += 1),
    shown,
    commit,
    async commitCalmly(alarm, doing) {
      const held = agenda.heldOf(keyOf(alarm));
      // What changes of an alarm before anybody was told that it is raised is part of that.
      const whole = doing.op === 'changed' && held?.op === 'raised' ? held : doing;
      if (calm.allows(keyOf(alarm), time.now())) return commit(alarm, whole);
      book.put(alarm);
      agenda.hold(keyOf(alarm), whole);
      agenda.wait();
    },
    async [Symbol.asyncDispose]() {
      agenda[Symbol.dispose]();
      for (const [key, doing] of agenda.held()) later(book.at(key) as KeptAlarm, doing);
      await writer[Symbol.asyncDispose]();
    },
  };
}

/** As it is shown at a moment of lived and of wall time; a shelf whose time is over is none. */
function show({ endedMs: _ended, shelvedMs, ...alarm }: KeptAlarm, now: number, wallMs: number): Alarm {
  if (shelvedMs === undefined || shelvedMs <= now) return { ...alarm, shelvedBy: undefined };
  return { ...alarm, shelvedUntil: Math.round(wallMs + shelvedMs - now) };
}
