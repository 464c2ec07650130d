import type { Logger } from 'pino';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Ingest } from '../../contracts/pipeline.ts';
import type { Envelope } from '../../contracts/plugin.ts';
import type { Write } from '../../contracts/table-set.ts';
import { tell } from '../observability/channels.ts';

/** What an envelope costs besides payload and names, roughly. */
const overheadBytes = 128;
const retryMs = 1_000;

export interface FeedOptions {
  /** Name of the transport in what is told. */
  readonly stage: 'serial' | 'gpio';
  readonly maxWaitingBytes: number;
}

export interface FeedDeps {
  readonly ingest: Ingest;
  readonly log: Logger;
}

/**
 * The way into ingest for sources that nobody can ask to send again: what ingest refuses for now is offered again until
 * it is taken. What comes meanwhile waits behind it, so that all is taken in the order in which it was offered.
 */
export interface Feed extends AsyncDisposable {
  /** False: there is no room, and the envelope was not taken. What is committed alongside waits with it. */
  offer(envelope: Envelope, alongside?: readonly Write[]): boolean;
  /** Half of the room is taken: a source that can wait should. */
  isNearlyFull(): boolean;
  /** Resolves when it is not nearly full, at the latest when the feed closes. */
  room(): Promise<void>;
}

interface Offered {
  readonly envelope: Envelope;
  readonly alongside: readonly Write[];
  readonly bytes: number;
  /** Grows with each offer. */
  readonly order: number;
}

/** Close it after its source and before ingest: what is refused once more then is dropped, and told. */
export function openFeed({ stage, maxWaitingBytes }: FeedOptions, { ingest, log }: FeedDeps): Feed {
  /** Refused, or behind one that was; in the order of the offers. */
  let waiting: Offered[] = [];
  let again: NodeJS.Timeout | undefined;
  let offers = 0;
  let running = 0;
  let waitingBytes = 0;
  let isClosing = false;
  let roomWanted: PromiseWithResolvers<void> | undefined;
  const ended = Promise.withResolvers<void>();

  const isNearlyFull = (): boolean => waitingBytes > maxWaitingBytes / 2;
  const begin = (one: Offered): void => {
    running += 1;
    void ingest(one.envelope, one.alongside)
      .then(
        () => settled(one),
        (error: unknown) => refused(one, error),
      )
      .finally(() => {
        running -= 1;
        if (isClosing && running === 0) ended.resolve();
      });
  };
  const settled = ({ bytes }: Offered): void => {
    waitingBytes -= bytes;
    if (isNearlyFull()) return;
    roomWanted?.resolve();
    roomWanted = undefined;
  };
  const refused = (one: Offered, error: unknown): void => {
    const isRetryable = error instanceof PortcullisError && error.retryable;
    if (!isRetryable || isClosing) {
      tell('dropped', { stage, reason: isRetryable ? 'closing' : 'refused', count: 1 });
      const { topic, receivedAt } = one.envelope;
      log.warn({ err: error, topic, receivedAt }, 'a message could not be taken');
      settled(one);
      return;
    }
    tell('retried', { stage, reason: error.code });
    waiting.splice(waiting.findLastIndex(({ order }) => order < one.order) + 1, 0, one);
    again ??= setTimeout(tryAgain, retryMs);
  };
  const tryAgain = (): void => {
    again = undefined;
    const all = waiting;
    waiting = [];
    for (const one of all) begin(one);
  };

  return {
    offer(envelope, alongside = []) {
      const bytes = envelope.payload.length + envelope.topic.length + overheadBytes;
      if (waitingBytes + bytes > maxWaitingBytes || isClosing) return false;
      waitingBytes += bytes;
      offers += 1;
      const one = { envelope, alongside, bytes, order: offers };
      if (again === undefined) begin(one);
      else waiting.push(one);
      return true;
    },
    isNearlyFull,
    room() {
      if (!isNearlyFull()) return Promise.resolve();
      roomWanted ??= Promise.withResolvers();
      return roomWanted.promise;
    },
    async [Symbol.asyncDispose]() {
      isClosing = true;
      clearTimeout(again);
      tryAgain();
      if (running > 0) await ended.promise;
    },
  };
}
