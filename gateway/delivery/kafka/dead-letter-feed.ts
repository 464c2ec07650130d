import type { Logger } from 'pino';
import type { DeadLetterRecord } from '../../../contracts/kafka.ts';
import type { TableStore } from '../../../contracts/table-set.ts';
import { backoffMs, defaultBackoff } from '../../lib/backoff.ts';
import { pause, systemScheduler, type Scheduler } from '../../lib/scheduler.ts';
import type { KafkaSink } from './kafka-sink.ts';
import { deadLetterRecord } from './records.ts';

/** A dead letter as the buffer keeps it. */
export type KeptLetter = Omit<DeadLetterRecord, 'v' | 'gw' | 'received' | 'sample'> & {
  readonly receivedAt: number;
  readonly sample: Uint8Array;
};

export interface DeadLetterFeedOptions {
  readonly sink: Pick<KafkaSink, 'send'>;
  readonly topic: string;
  readonly gateway: string;
  readonly epoch?: number;
  /** Oldest first, above an id. */
  readonly read: (query: { after: number; limit: number }) => Promise<readonly KeptLetter[]>;
  readonly store: TableStore;
  /** Whether the sink takes records now; while it does not, nothing is tried here either. */
  readonly isOpen: () => boolean;
  readonly log: Logger;
  readonly scheduler?: Scheduler;
  readonly pollMs?: number;
}

const feed = 'dead-letters';
const lettersAtOnce = 200;

/**
 * Carries dead letters to their topic until disposed. They are rows of their own and no records of the log, so they
 * have a cursor of their own, moved after the acknowledgement: each goes out at least once, with its id.
 */
export function startDeadLetterFeed(options: DeadLetterFeedOptions): AsyncDisposable {
  const stop = new AbortController();
  const done = run(options, stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

async function run(options: DeadLetterFeedOptions, signal: AbortSignal): Promise<void> {
  const { log, isOpen, scheduler = systemScheduler, pollMs = 2_000 } = options;
  let failures = 0;
  while (!signal.aborted) {
    let more = false;
    try {
      if (isOpen()) {
        more = (await carry(options, signal)) === lettersAtOnce;
        failures = 0;
      }
    } catch (error) {
      failures += 1;
      log.warn({ err: error }, 'dead letters do not reach Kafka');
    }
    const waitMs = failures > 0 ? backoffMs(failures, defaultBackoff, Math.random) : pollMs;
    if (!more) await pause(scheduler, waitMs, signal);
  }
}

/** Carries the next letters and returns how many; what a fault keeps is tried again with the next call. */
async function carry(options: DeadLetterFeedOptions, signal: AbortSignal): Promise<number> {
  const { sink, topic, read, store } = options;
  const [row] = await store.read('kafka.last', [feed]);
  const after = Number(row?.['last'] ?? 0);
  const letters = await read({ after, limit: lettersAtOnce });
  const last = letters.at(-1);
  if (last === undefined) return 0;
  const fault = await sink.send(
    letters.map((letter) => deadLetterRecord(letter, options, topic)),
    signal,
  );
  if (fault !== undefined) return 0;
  await store.write([{ statement: 'kafka.advance', params: [feed, last.id] }]);
  return letters.length;
}
