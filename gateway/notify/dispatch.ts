import type { Logger } from 'pino';
import type { Contact } from '../../contracts/contacts.ts';
import type { TableStore, Write } from '../../contracts/table-set.ts';
import { backoffMs } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import type { LivedTime } from '../lib/lived-time.ts';
import type { Scheduler } from '../lib/scheduler.ts';
import { tell } from '../observability/channels.ts';
import type { NotifyBounds } from './bounds.ts';
import type { Channel, SendResult } from './channels/channel.ts';
import type { Outbox, Waiting } from './outbox.ts';
import { pick } from './pick.ts';
import { openPostman, retryPolicy, type Postman } from './postman.ts';

interface DispatchParts {
  readonly outbox: Outbox;
  readonly store: TableStore;
  readonly time: LivedTime;
  readonly contactOf: (name: string) => Contact | undefined;
  readonly timeZone: string;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly random: () => number;
  readonly bounds: NotifyBounds;
  readonly log: Logger;
  readonly onMoment: ((moment: 'notify' | 'notified', code: string) => void) | undefined;
  readonly settle: 'after-ack' | 'before-ack' | undefined;
}

/** Brings what is ready to its channels, one letter per channel at a time. Disposing ends what is being sent. */
export interface Dispatch extends AsyncDisposable {
  connect(channels: ReadonlyMap<string, Channel>): void;
  /** Sends what is ready, and sets the timer for what will be. */
  look(): void;
}

/** Notices that end between two looks at what is too old to be kept. */
const trimEvery = 100;

export function openDispatch(parts: DispatchParts): Dispatch {
  const { outbox, store, time, contactOf, timeZone, scheduler, clock, random, bounds, log, onMoment } = parts;
  const postmen = new Map<string, Postman>();
  let timer: Disposable | undefined;
  let isClosed = false;
  let ends = 0;

  const keep = (writes: readonly Write[]): void => {
    ends += writes.length;
    const trim = ends >= trimEvery ? [{ statement: 'notify.trim', params: [] }] : [];
    if (trim.length > 0) ends = 0;
    store
      .write([...writes, ...trim, time.checkpoint()])
      .catch((err: unknown) => log.warn({ err }, 'what became of notifications was not stored; they may come again'));
  };
  const deliver = async (postman: Postman, batch: readonly [Waiting, ...Waiting[]]): Promise<void> => {
    for (const one of batch) one.isOut = true;
    const [{ notice }] = batch;
    if (parts.settle === 'before-ack') await store.write(batch.map((one) => outbox.end(one, 'sent', time.now())));
    onMoment?.('notify', notice.alarm.code);
    const result = await postman.deliver(batch);
    if (isClosed && result.is !== 'taken') return;
    if (result.is === 'taken') onMoment?.('notified', notice.alarm.code);
    const writes = settle(batch, result, { outbox, now: time.now(), random });
    if (writes.length > 0) keep(writes);
    look();
  };
  const giveUp = (old: readonly Waiting[], now: number): void => {
    tell('dropped', { stage: 'notify', reason: 'expired', count: old.length });
    log.warn({ count: old.length }, 'notifications were given up: nobody took them');
    keep(old.map((one) => outbox.end(one, 'expired', now)));
  };
  const look = (): void => {
    timer?.[Symbol.dispose]();
    if (isClosed || postmen.size === 0) return;
    const now = time.now();
    const old = overdue(outbox, now - bounds.maxAgeMs);
    if (old.length > 0) giveUp(old, now);
    const { batches, wakeMs } = pick({
      waiting: outbox.waiting(),
      contactOf,
      timeZone,
      busy: (channel) => postmen.get(channel)?.isBusy() ?? true,
      restsUntil: (channel) => postmen.get(channel)?.restsUntil() ?? 0,
      combines: (channel) => postmen.get(channel)?.combines ?? false,
      together: bounds.together,
      now,
      wallMs: clock.wallMs(),
    });
    for (const [first, ...others] of batches) {
      const postman = first && postmen.get(first.notice.channel);
      if (first !== undefined && postman !== undefined) void deliver(postman, [first, ...others]);
    }
    timer = wakeMs === undefined ? undefined : scheduler.after(wakeMs - now, look);
  };

  return {
    connect(channels) {
      for (const [name, channel] of channels) {
        const now = (): number => time.now();
        postmen.set(name, openPostman({ name, channel, now, random, sendMs: bounds.sendMs, log }));
      }
      look();
    },
    look,
    async [Symbol.asyncDispose]() {
      isClosed = true;
      timer?.[Symbol.dispose]();
      await Promise.all(Array.from(postmen.values(), (one) => one[Symbol.asyncDispose]()));
    },
  };
}

/** What became of a letter, for each notice in it; gives the writes of those that ended. */
function settle(
  batch: readonly Waiting[],
  result: SendResult,
  { outbox, now, random }: { readonly outbox: Outbox; readonly now: number; readonly random: () => number },
): Write[] {
  const writes: Write[] = [];
  for (const one of batch) {
    one.isOut = false;
    one.error = 'why' in result ? result.why : undefined;
    if (result.is === 'taken') writes.push(outbox.end(one, 'sent', now));
    else if (result.is === 'refused') {
      tell('rejected', { stage: 'notify', reason: 'refused', count: 1 });
      writes.push(outbox.end(one, 'refused', now));
    } else {
      if (result.is === 'later') one.retryMs = now + backoffMs(one.tries, retryPolicy, random);
      one.tries += 1;
    }
  }
  return writes;
}

const overdue = (outbox: Outbox, before: number): Waiting[] =>
  [...outbox.waiting()].filter(({ notice, isOut }) => !isOut && notice.bornMs < before);
