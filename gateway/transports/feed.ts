import type { Logger } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
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
 * it is taken. Envelopes begin in the order in which they were offered; one that had to wait may be overtaken.
 */
export interface Feed extends AsyncDisposable {
  /** False: there is no room, and the envelope was not taken. What is committed alongside waits with it. */
  offer(envelope: Envelope, alongside?: readonly Write[]): boolean;
  /** Half of the room is taken: a source that can wait should. */
  isNearlyFull(): boolean;
  /** Resolves when it is not nearly full, at the latest when the feed closes. */
  room(): Promise<void>;
}

/** Close it after its source and before ingest: what waits for another try then is dropped, and told. */
export function openFeed({ stage, maxWaitingBytes }: FeedOptions, { ingest, log }: FeedDeps): Feed {
  const closing = new AbortController();
  const running = new Set<Promise<void>>();
  let waitingBytes = 0;
  let roomWanted: PromiseWithResolvers<void> | undefined;

  const isNearlyFull = (): boolean => waitingBytes > maxWaitingBytes / 2;
  const deliver = async (envelope: Envelope, alongside: readonly Write[]): Promise<void> => {
    for (;;) {
      try {
        await ingest(envelope, alongside);
        return;
      } catch (error) {
        const isRetryable = error instanceof PortcullisError && error.retryable;
        if (!isRetryable || closing.signal.aborted) {
          tell('dropped', { stage, reason: isRetryable ? 'closing' : 'refused', count: 1 });
          const { topic, receivedAt } = envelope;
          log.warn({ err: error, topic, receivedAt }, 'a message could not be taken');
          return;
        }
        tell('retried', { stage, reason: error.code });
        await sleep(retryMs, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
  };

  return {
    offer(envelope, alongside = []) {
      const bytes = envelope.payload.length + envelope.topic.length + overheadBytes;
      if (waitingBytes + bytes > maxWaitingBytes || closing.signal.aborted) return false;
      waitingBytes += bytes;
      const delivery = deliver(envelope, alongside).finally(() => {
        running.delete(delivery);
        waitingBytes -= bytes;
        if (isNearlyFull()) return;
        roomWanted?.resolve();
        roomWanted = undefined;
      });
      running.add(delivery);
      return true;
    },
    isNearlyFull,
    room() {
      if (!isNearlyFull()) return Promise.resolve();
      roomWanted ??= Promise.withResolvers();
      return roomWanted.promise;
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await Promise.all(running);
    },
  };
}
