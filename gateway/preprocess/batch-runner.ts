import type { Logger } from 'pino';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Envelope } from '../../contracts/plugin.ts';
import type { DecodePool, Failure } from './decode-pool.ts';
import type { KnowledgeBook } from './knowledge.ts';
import { packEnvelopes } from './task.ts';
import type { Change, Claims, EnvelopeResult, Reply, Task } from './task.ts';

/** A message whose thread dies or hangs is tried this often before it becomes a dead letter. */
const tries = 3;
/** A batch that no thread begins is offered this often: it may wait behind a hanging one. */
const offers = 12;

/** One envelope with its plugin, ready for a thread. */
export interface Routed {
  readonly envelope: Envelope;
  readonly plugin: number;
}

export interface BatchRunnerParts {
  readonly pool: DecodePool;
  readonly knowledge: KnowledgeBook;
  /** One cell per slot, written by the threads. */
  readonly progress: Int32Array;
  readonly onClaims: (claims: Claims) => void;
  readonly log: Logger;
}

export interface BatchRunner {
  /** Decodes a batch; the results are in its order. A poisonous message costs only itself. */
  run(items: readonly Routed[], slot: number, teaching: boolean): Promise<readonly EnvelopeResult[]>;
  /** Sends any task, with everything that is known for a thread that is behind. */
  ask(build: (everything: boolean) => { task: Task; transfer?: readonly ArrayBuffer[] }): Promise<Reply | Failure>;
}

export function batchRunner({ pool, knowledge, progress, onClaims, log }: BatchRunnerParts): BatchRunner {
  const ask: BatchRunner['ask'] = async (build) => {
    const { task, transfer } = build(false);
    let reply = await pool.run(task, transfer);
    if (reply.is === 'stale') {
      const again = build(true);
      reply = await pool.run(again.task, again.transfer);
    }
    if (reply.is === 'crashed' || reply.is === 'hung') knowledge.forgetThreads();
    else if ('version' in reply) knowledge.heard(reply.thread, reply.version);
    return reply;
  };

  const offer = (items: readonly Routed[], slot: number, teaching: boolean): Promise<Reply | Failure> => {
    Atomics.store(progress, slot, -1);
    return ask((everything) => {
      const packed = packEnvelopes(items);
      const briefing = knowledge.briefing(everything);
      return { task: { is: 'decode', slot, briefing, teaching, ...packed }, transfer: [packed.payloads] };
    });
  };

  /** Results, or the index of the envelope at which the thread failed. */
  const attempt = async (items: readonly Routed[], slot: number, teaching: boolean): Promise<Attempt> => {
    for (let offered = 1; ; offered++) {
      const reply = await offer(items, slot, teaching);
      if (reply.is === 'decoded') {
        const results = JSON.parse(reply.results) as readonly EnvelopeResult[];
        if (teaching) {
          knowledge.learn(results.flatMap(changesOf));
          onClaims(reply.claims);
        }
        return { results };
      }
      if (reply.is !== 'crashed' && reply.is !== 'hung') {
        throw new PortcullisError('INTERNAL', `A decode thread answered ${reply.is}.`);
      }
      const failedAt = Atomics.load(progress, slot);
      if (failedAt >= 0) return { failedAt, why: reply };
      if (offered === offers) throw new PortcullisError('OVERLOADED', `No decode thread answers: ${reply.detail}`);
    }
  };

  /** Takes the culprit of a failed batch out: what was before it, itself alone, what comes after it. */
  const isolate = async (
    items: readonly Routed[],
    failed: FailedAttempt,
    [slot, teaching]: readonly [number, boolean],
  ): Promise<readonly EnvelopeResult[]> => {
    const { failedAt, why } = failed;
    const culprit = items[failedAt];
    if (culprit === undefined) throw new PortcullisError('INTERNAL', `A decode thread was at envelope ${failedAt}.`);
    const before = failedAt === 0 ? [] : await run(items.slice(0, failedAt), slot, teaching);
    const alone = await tryAlone(culprit, why, [slot, teaching]);
    const after = failedAt + 1 === items.length ? [] : await run(items.slice(failedAt + 1), slot, teaching);
    return [...before, alone, ...after];
  };

  const tryAlone = async (
    item: Routed,
    first: Failure,
    [slot, teaching]: readonly [number, boolean],
  ): Promise<EnvelopeResult> => {
    let why = first;
    for (let done = 1; done < tries; done++) {
      const outcome = await attempt([item], slot, teaching);
      if ('results' in outcome) return outcome.results[0] ?? refused(why);
      why = outcome.why;
    }
    log.warn({ topic: item.envelope.topic, is: why.is }, 'a message was dead-lettered: no thread survives it');
    return refused(why);
  };

  async function run(items: readonly Routed[], slot: number, teaching: boolean): Promise<readonly EnvelopeResult[]> {
    const outcome = await attempt(items, slot, teaching);
    if ('results' in outcome) return outcome.results;
    const [only] = items;
    if (items.length === 1 && only !== undefined) return [await tryAlone(only, outcome.why, [slot, teaching])];
    return isolate(items, outcome, [slot, teaching]);
  }

  return { run, ask };
}

interface FailedAttempt {
  readonly failedAt: number;
  readonly why: Failure;
}
type Attempt = { readonly results: readonly EnvelopeResult[] } | FailedAttempt;

function changesOf(result: EnvelopeResult): readonly Change[] {
  return 'changes' in result ? result.changes : [];
}

function refused({ is, detail }: Failure): EnvelopeResult {
  return { measurements: [], refused: [{ code: `decode-${is}`, detail }], changes: [] };
}
