import { PortcullisError } from '../../contracts/errors.ts';
import type { Ingest } from '../../contracts/pipeline.ts';
import { tell } from '../observability/channels.ts';
import type { Waiting } from './dispatcher.ts';

/** What an envelope costs besides its payload and topic, roughly, while it waits. */
const overheadBytes = 256;

/**
 * The door of the stage: bounded in bytes from arrival to commit. After a refusal everything is refused until a quarter
 * is free, so that a smaller message does not overtake the one that found no room. For the same reason what is under way
 * when an envelope is refused is refused too (decision 0232).
 */
export interface Intake {
  readonly ingest: Ingest;
  /** An envelope has its answer: its bytes are free again. */
  settled(waiting: Waiting): void;
  /** An envelope was refused, and is to come again. */
  refused(error: unknown): void;
  /** Why an envelope is refused now: one before it was, after this one had arrived. */
  refusalOf(waiting: Waiting): unknown;
  /** Refuses everything from now on with STORE_CLOSED. */
  close(): void;
  readonly closed: boolean;
  readonly bytes: number;
}

export function openIntake(maxBytes: number, offer: (waiting: Waiting) => void): Intake {
  let held = 0;
  let isFull = false;
  let closed = false;
  let refusals = 0;
  let lastRefusal: unknown;
  return {
    ingest(envelope, alongside = []) {
      if (closed) return Promise.reject(new PortcullisError('STORE_CLOSED', 'The gateway is closing.'));
      const bytes = envelope.payload.length + envelope.topic.length + overheadBytes;
      // One envelope is let in whatever its size: the transport bounds it.
      if (isFull || (held > 0 && held + bytes > maxBytes)) {
        isFull = true;
        tell('rejected', { stage: 'preprocess', reason: 'overloaded', count: 1 });
        return Promise.reject(new PortcullisError('OVERLOADED', 'Too many messages wait to be stored; send it again.'));
      }
      held += bytes;
      return new Promise((resolve, reject) => {
        offer({ envelope, alongside, bytes, refusals, resolve, reject });
      });
    },
    settled({ bytes }) {
      held -= bytes;
      if (held <= maxBytes * 0.75) isFull = false;
    },
    refused(error) {
      refusals += 1;
      lastRefusal = error;
    },
    refusalOf: (waiting) => (waiting.refusals === refusals ? undefined : lastRefusal),
    close() {
      closed = true;
    },
    get closed() {
      return closed;
    },
    get bytes() {
      return held;
    },
  };
}
