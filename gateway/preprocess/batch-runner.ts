import type { Logger } from 'pino';
import { PortcullisError } from '../../contracts/errors.ts';
import type { TextRoom } from '../lib/text-room.ts';
import type { DecodePool, Failure, RunOptions } from './decode-pool.ts';
import type { KnowledgeBook } from './knowledge.ts';
import { unpackResults } from './packed-results.ts';
import { changesOf, packEnvelopes } from './task.ts';
import type { Change, Claims, EnvelopeResult, Reply, RoutedEnvelope, Task } from './task.ts';

/** A message whose thread dies or hangs is tried this often before it becomes a dead letter. */
const tries = 3;
/** A batch that no thread begins is offered this often: it may wait behind a hanging one. */
const offers = 12;

export interface BatchRunnerParts {
  readonly pool: DecodePool;
  readonly knowledge: KnowledgeBook;
  /** One cell per slot, written by the threads. */
  readonly progress: Int32Array;
  /** One per slot, for long results. */
  readonly rooms: readonly TextRoom[];
  readonly onClaims: (claims: Claims) => void;
  readonly log: Logger;
}

/** A task, and how to watch it. */
export interface Ask extends RunOptions {
  readonly task: Task;
}

export interface BatchRunner {
  /** Decodes a batch; the results are in its order. A poisonous message costs only itself. */
  run(items: readonly RoutedEnvelope[], slot: number): Promise<readonly EnvelopeResult[]>;
  /** Sends any task, with everything that is known for a thread that is behind. */
  ask(build: (everything: boolean) => Ask): Promise<Reply | Failure>;
}

export function batchRunner({ pool, knowledge, progress, rooms, onClaims, log }: BatchRunnerParts): BatchRunner {
  const ask = asker(pool, knowledge);
  const usable = new Map(rooms.entries());

  const offer = (items: readonly RoutedEnvelope[], at: Place, useRoom: boolean): Promise<Reply | Failure> => {
    return ask((everything) => {
      Atomics.store(progress, at.slot, -1);
      const packed = packEnvelopes(items);
      const briefing = knowledge.briefing(everything);
      return {
        task: { is: 'decode', slot: at.slot, briefing, ...packed, useRoom },
        transfer: [packed.payloads],
        position: () => Atomics.load(progress, at.slot),
      };
    });
  };

  /** Results, or the index of the envelope at which the thread failed. */
  const attempt = async (items: readonly RoutedEnvelope[], at: Place): Promise<Attempt> => {
    for (let offered = 1; ; offered++) {
      const room = usable.get(at.slot);
      const reply = await offer(items, at, room !== undefined);
      if (reply.is === 'decoded') {
        const results = unpackResults(reply.results, room);
        if (reply.taught) {
          const changes = results.flatMap(changesOf);
          knowledge.learn(changes);
          at.taught.push(...changes);
          onClaims(reply.claims);
        }
        return { results };
      }
      if (reply.is !== 'crashed' && reply.is !== 'hung') {
        throw new PortcullisError('INTERNAL', `A decode thread answered ${reply.is}.`);
      }
      // A thread that was given up may write there once more, under the eyes of whoever reads the next one's results.
      usable.delete(at.slot);
      const failedAt = Atomics.load(progress, at.slot);
      if (failedAt >= 0) return { failedAt, why: reply };
      if (offered === offers) throw new PortcullisError('OVERLOADED', `No decode thread answers: ${reply.detail}`);
    }
  };

  /** Takes the culprit of a failed batch out: what was before it, itself alone, what comes after it. */
  const isolate = async (
    items: readonly RoutedEnvelope[],
    failed: FailedAttempt,
    at: Place,
  ): Promise<readonly EnvelopeResult[]> => {
    const { failedAt, why } = failed;
    const culprit = items[failedAt];
    if (culprit === undefined) throw new PortcullisError('INTERNAL', `A decode thread was at envelope ${failedAt}.`);
    const before = failedAt === 0 ? [] : await runAt(items.slice(0, failedAt), at);
    const alone = await tryAlone(culprit, why, at);
    const after = failedAt + 1 === items.length ? [] : await runAt(items.slice(failedAt + 1), at);
    return [...before, alone, ...after];
  };

  const tryAlone = async (item: RoutedEnvelope, first: Failure, at: Place): Promise<EnvelopeResult> => {
    let why = first;
    for (let done = 1; done < tries; done++) {
      const outcome = await attempt([item], at);
      if ('results' in outcome) return outcome.results[0] ?? refused(why);
      why = outcome.why;
    }
    const { topic, receivedAt } = item.envelope;
    log.warn({ topic, receivedAt, is: why.is }, 'a message was dead-lettered: no thread survives it');
    return refused(why);
  };

  async function runAt(items: readonly RoutedEnvelope[], at: Place): Promise<readonly EnvelopeResult[]> {
    const outcome = await attempt(items, at);
    if ('results' in outcome) return outcome.results;
    const [only] = items;
    if (items.length === 1 && only !== undefined) return [await tryAlone(only, outcome.why, at)];
    return isolate(items, outcome, at);
  }

  const run: BatchRunner['run'] = async (items, slot) => {
    const taught: Change[] = [];
    try {
      return await runAt(items, { slot, taught });
    } catch (error) {
      // What a part of the batch taught is known, and no message of it will write it down.
      knowledge.markUnsaved(taught);
      throw error;
    }
  };

  return { run, ask };
}

function asker(pool: DecodePool, knowledge: KnowledgeBook): BatchRunner['ask'] {
  return async (build) => {
    const { task, ...options } = build(false);
    let reply = await pool.run(task, options);
    if (reply.is === 'stale') {
      const again = build(true);
      reply = await pool.run(again.task, again);
    }
    if (reply.is === 'crashed' || reply.is === 'hung') knowledge.forgetThreads();
    else if ('version' in reply) knowledge.heard(reply.thread, reply.version, reply.places);
    return reply;
  };
}

/** Where a batch runs, and what its parts have taught so far. */
interface Place {
  readonly slot: number;
  readonly taught: Change[];
}

interface FailedAttempt {
  readonly failedAt: number;
  readonly why: Failure;
}
type Attempt = { readonly results: readonly EnvelopeResult[] } | FailedAttempt;

function refused({ is, detail }: Failure): EnvelopeResult {
  return { measurements: [], refused: [{ code: `decode-${is}`, detail }], changes: [] };
}
