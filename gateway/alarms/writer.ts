import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Measurement } from '../../contracts/message.ts';
import type { Append } from '../../contracts/pipeline.ts';
import type { Write } from '../../contracts/table-set.ts';
import { backoffMs } from '../lib/backoff.ts';
import { tell } from '../observability/channels.ts';

/** One change on its way to the disk. */
export interface Unit {
  readonly measurement?: Measurement | undefined;
  readonly writes: readonly Write[];
  /** It is on disk, or the disk has not answered for a while: a full one holds its answers. */
  readonly begin: () => void;
}

/** Brings changes to the disk, in their order. Disposing waits for those that were taken, as long as the disk answers. */
export interface AlarmWriter extends AsyncDisposable {
  /**
   * Resolves after the commit. Rejects when it failed; the change is then written with a later one, because memory has it
   * already.
   */
  put(unit: Unit): Promise<void>;
}

interface WriterParts {
  readonly append: Append;
  readonly log: Logger;
  readonly maxUnwritten: number;
  /** Added to each commit. */
  readonly checkpoint: () => Write;
}

const together = 200;
const heldMs = 5_000;
const closeWithinMs = 3_000;
const retry = { firstMs: 1_000, ceilingMs: 60_000, floorMs: 500, stableMs: 0 };

interface Waiting extends Unit {
  done: PromiseWithResolvers<void> | undefined;
}

export function openWriter({ append, log, maxUnwritten, checkpoint }: WriterParts): AlarmWriter {
  const queue: Waiting[] = [];
  const closing = new AbortController();
  let running: Promise<void> | undefined;

  const beginAll = (batch: readonly Waiting[]): void => {
    for (const { begin } of batch) begin();
  };
  const commit = async (batch: readonly Waiting[]): Promise<void> => {
    const held = setTimeout(beginAll, heldMs, batch);
    try {
      await append({
        measurements: batch.flatMap(({ measurement }) => measurement ?? []),
        writes: [...batch.flatMap(({ writes }) => writes), checkpoint()],
        filtered: [],
        deadLetters: [],
      });
    } finally {
      clearTimeout(held);
    }
  };
  const run = async (): Promise<void> => {
    // Changes of the same moment share a commit.
    await Promise.resolve();
    for (let attempt = 0; queue.length > 0;) {
      const batch = queue.slice(0, together);
      try {
        await commit(batch);
        for (const { done } of batch) done?.resolve();
        queue.splice(0, batch.length);
        attempt = 0;
        beginAll(batch);
      } catch (err) {
        for (const one of batch) {
          one.done?.reject(err);
          one.done = undefined;
        }
        beginAll(batch);
        if (closing.signal.aborted) break;
        log.warn({ err, changes: queue.length }, 'alarms could not be written; they are written with the next try');
        const waitMs = backoffMs(attempt++, retry, Math.random);
        await sleep(waitMs, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
      }
    }
    running = undefined;
  };

  return {
    put(unit) {
      const done = Promise.withResolvers<void>();
      if (closing.signal.aborted) {
        done.reject(new PortcullisError('STORE_CLOSED', 'The gateway is stopping.'));
      } else if (queue.length >= maxUnwritten) {
        tell('dropped', { stage: 'alarms', reason: 'unwritten', count: 1 });
        done.reject(new PortcullisError('OVERLOADED', 'Too many changes of alarms wait for the disk.'));
      } else {
        queue.push({ ...unit, done });
        running ??= run();
      }
      return done.promise;
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      // A full disk holds its answer; the buffer behind this ends that when it closes.
      await Promise.race([running, sleep(closeWithinMs, undefined, { ref: false })]);
    },
  };
}
