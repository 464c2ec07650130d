import type { Logger } from 'pino';
import type { AlarmOp } from '../../contracts/alarm-words.ts';
import type { Alarm } from '../../contracts/alarms.ts';
import type { ShownNotice } from '../../contracts/contacts.ts';
import type { TableStore, Write } from '../../contracts/table-set.ts';
import type { Clock } from '../lib/clock.ts';
import { livedTime } from '../lib/lived-time.ts';
import { systemScheduler, type Scheduler } from '../lib/scheduler.ts';
import { defaultBounds, type NotifyBounds } from './bounds.ts';
import type { Channel } from './channels/channel.ts';
import { contactBook, type ContactBook } from './contact-book.ts';
import { openDispatch } from './dispatch.ts';
import { openOutbox } from './outbox.ts';
import { contactOf, noticeOf, shownNoticeOf } from './tables.ts';

export interface NotifyDeps {
  readonly store: TableStore;
  /** Groups and people who are responsible for a place, or for what is in no area that anybody is responsible for. */
  readonly responsibleFor: (place: string | undefined) => readonly string[];
  /** The people in a group. */
  readonly membersOf: (group: string) => readonly string[];
  readonly channelNames: ReadonlySet<string>;
  readonly timeZone: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly scheduler?: Scheduler;
  readonly random?: () => number;
  readonly bounds?: Partial<NotifyBounds>;
  /** Moments at which a fault test ends the process. */
  readonly onMoment?: ((moment: 'notify' | 'notified', code: string) => void) | undefined;
  /** Negative control for fault tests: `before-ack` settles a notification before its channel has answered. */
  readonly settle?: 'after-ack' | 'before-ack';
}

interface NoticeQuery {
  readonly alarm?: string | undefined;
  readonly limit: number;
  readonly before?: number | undefined;
}

interface Planned {
  readonly writes: readonly Write[];
  begin(): void;
}

/** Tells people of alarms. It plans from the first change on, and sends once it has channels. Disposing ends what is being sent. */
export interface Notify extends ContactBook, AsyncDisposable {
  /** What a change means for those who are responsible: rows to be committed with it, and a call for when they are. */
  plan(change: { readonly alarm: Alarm; readonly op: AlarmOp }): Planned;
  /** Sends what waits over these, which it closes in the end. */
  connect(channels: ReadonlyMap<string, Channel>): void;
  /** Newest first; `next` goes on after the page. */
  notices(query: NoticeQuery): Promise<{ readonly notices: readonly ShownNotice[]; readonly next: number | undefined }>;
  /** How many wait, by channel. */
  waiting(): ReadonlyMap<string, number>;
}

/** Goes on with what waited when the last life ended. */
export async function openNotify(deps: NotifyDeps): Promise<Notify> {
  const { store, log, clock, timeZone, scheduler = systemScheduler, random = Math.random, onMoment } = deps;
  const bounds = { ...defaultBounds, ...deps.bounds };
  const [[saved], contactRows, waiting, sent] = await Promise.all([
    store.read('notify.readClock', []),
    store.read('notify.readContacts', []),
    store.read('notify.waiting', []),
    store.read('notify.told', []),
  ]);
  const time = livedTime(saved, clock, 'notify.putClock');
  const contacts = new Map(contactRows.map(contactOf).map((one) => [one.name, one]));
  const site = { ...deps, contactOf: (name: string) => contacts.get(name) };
  const outbox = openOutbox({ waiting: waiting.map(noticeOf), sent: sent.map(noticeOf) }, site, bounds);

  const dispatch = openDispatch({
    outbox,
    store,
    time,
    contactOf: site.contactOf,
    timeZone,
    scheduler,
    clock,
    random,
    bounds,
    log,
    onMoment,
    settle: deps.settle,
  });

  return {
    plan(change) {
      const { writes, fresh } = outbox.plan(change, { now: time.now(), wallMs: clock.wallMs() });
      return {
        writes: writes.length > 0 ? [...writes, time.checkpoint()] : [],
        begin() {
          for (const one of fresh) one.isPlanned = true;
          if (writes.length > 0) dispatch.look();
        },
      };
    },
    connect: (channels) => dispatch.connect(channels),
    ...contactBook(contacts, { store, maxContacts: bounds.maxContacts, channelNames: deps.channelNames }),
    async notices({ alarm, limit, before }) {
      const params = [before ?? Number.MAX_SAFE_INTEGER, alarm ?? null, limit + 1];
      const rows = (await store.read('notify.list', params)).map(shownNoticeOf);
      const errors = new Map(Array.from(outbox.waiting(), ({ notice, error }) => [notice.id, error]));
      const shown = rows.slice(0, limit).map(({ id, alarm, who, channel, why, state, at, error }) => {
        return { id, alarm, who, channel, why, state, at, error: error ?? errors.get(id) };
      });
      return { notices: shown, next: rows.length > limit ? rows.at(limit - 1)?.n : undefined };
    },
    waiting() {
      const counts = new Map(Array.from(deps.channelNames, (name) => [name, 0]));
      for (const { notice } of outbox.waiting()) counts.set(notice.channel, (counts.get(notice.channel) ?? 0) + 1);
      return counts;
    },
    [Symbol.asyncDispose]: () => dispatch[Symbol.asyncDispose](),
  };
}
