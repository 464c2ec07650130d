import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { backoffMs } from '../lib/backoff.ts';
import { tell } from '../observability/channels.ts';
import type { Channel, Letter, SendResult } from './channels/channel.ts';
import type { Waiting } from './outbox.ts';

/** One channel with how it fares. Times are lived milliseconds. */
export interface Postman extends AsyncDisposable {
  readonly combines: boolean;
  isBusy(): boolean;
  /** Nothing is tried before this. */
  restsUntil(): number;
  /** Resolves with what became of it; never rejects. */
  deliver(batch: readonly [Waiting, ...Waiting[]]): Promise<SendResult>;
}

interface PostmanParts {
  readonly name: string;
  readonly channel: Channel;
  readonly now: () => number;
  readonly random: () => number;
  readonly sendMs: number;
  readonly log: Logger;
}

export const retryPolicy = { firstMs: 1_000, ceilingMs: 300_000, floorMs: 500, stableMs: 0 };
/** Failures in a row after which a person is told that nobody is told. */
const tellAfter = 3;
const alarmCode = 'NOTIFY_FAILED';

export function openPostman({ name, channel, now, random, sendMs, log }: PostmanParts): Postman {
  const closing = new AbortController();
  let busy: Promise<SendResult> | undefined;
  let failures = 0;
  let restsUntil = 0;

  const note = (result: SendResult): void => {
    if (result.is === 'taken') {
      if (failures >= tellAfter) {
        tell('alarm', { code: alarmCode, subject: name, active: false, detail: 'Notifications go out again.' });
      }
      failures = 0;
      return;
    }
    tell('retried', { stage: 'notify', reason: result.is });
    if (result.is !== 'away') return;
    restsUntil = now() + (result.forMs ?? backoffMs(failures, retryPolicy, random));
    failures += 1;
    log[failures === 1 ? 'warn' : 'debug']({ channel: name, why: result.why }, 'a channel takes no notifications');
    if (failures !== tellAfter) return;
    const detail = `Nobody is told by ${name}: ${result.why} What waits is kept.`;
    tell('alarm', { code: alarmCode, subject: name, active: true, detail });
  };
  const send = async (letter: Letter): Promise<SendResult> => {
    const signal = AbortSignal.any([AbortSignal.timeout(sendMs), closing.signal]);
    const { promise: over, resolve } = Promise.withResolvers<SendResult>();
    const onAbort = (): void => resolve({ is: 'away', why: `${name} took longer than ${sendMs / 1_000} s.` });
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([channel.send(letter, signal), over]);
    } catch (err) {
      log.error({ err, channel: name }, 'a notification failed by a fault of our own');
      return { is: 'later', why: 'A fault of the gateway; its log says more.' };
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  };

  return {
    combines: channel.combines,
    isBusy: () => busy !== undefined,
    restsUntil: () => restsUntil,
    async deliver([first, ...others]) {
      const notices = [first.notice, ...others.map(({ notice }) => notice)] as const;
      busy = send({ id: idOf(notices), to: first.notice.to, notices: [...notices] });
      const result = await busy;
      busy = undefined;
      if (!closing.signal.aborted) note(result);
      return result;
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await busy;
      await channel[Symbol.asyncDispose]();
    },
  };
}

/** The same notices make the same letter. */
function idOf(notices: readonly [{ readonly id: string }, ...{ readonly id: string }[]]): string {
  const [first, ...others] = notices;
  if (others.length === 0) return first.id;
  const ids = notices.map(({ id }) => id).toSorted();
  return createHash('sha256').update(ids.join()).digest('hex').slice(0, 32);
}
