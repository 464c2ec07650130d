import type { Ingest } from '../../contracts/pipeline.ts';
import { batchRunner } from './batch-runner.ts';
import type { TextRoom } from '../lib/text-room.ts';
import type { BatchRunner } from './batch-runner.ts';
import { openCommitter } from './committer.ts';
import type { Committer, CommitterParts } from './committer.ts';
import type { DecodePool } from './decode-pool.ts';
import { openDispatcher } from './dispatcher.ts';
import type { DecodedBatch, Dispatcher } from './dispatcher.ts';
import { openIntake } from './intake.ts';
import type { KnowledgeBook } from './knowledge.ts';
import type { IngestOptions } from './options.ts';
import { openResequencer } from './resequencer.ts';
import type { Router } from './router.ts';
import type { Claims } from './task.ts';

export interface LaneParts {
  readonly pool: DecodePool;
  readonly knowledge: KnowledgeBook;
  readonly progress: Int32Array;
  /** Where long results of each slot lie; none for a process of its own. */
  readonly rooms: readonly TextRoom[];
  /** Batches in work at once. */
  readonly slots: number;
  readonly batch: IngestOptions['batch'];
  /** Bytes between arrival and commit in this lane alone. */
  readonly maxQueuedBytes: number;
  readonly router: () => Router;
  readonly onClaims: (claims: Claims) => void;
  readonly committing: Pick<CommitterParts, 'append' | 'steps' | 'plugins' | 'onLostState' | 'log'>;
}

/**
 * One way from arrival to commit, with a queue, an order and a bound of its own: what a slow plugin holds up is its own
 * lane. The decode threads share one; each process cell has its own. State per device is shared and touched only in the
 * synchronous release of a batch, so that lanes need no lock.
 */
export interface Lane {
  readonly ingest: Ingest;
  readonly runner: BatchRunner;
  readonly knowledge: KnowledgeBook;
  readonly committer: Pick<Committer, 'quiet' | 'closeWindows'>;
  readonly pool: Pick<DecodePool, 'replaced'>;
  hold(): void;
  resume(): void;
  close(): void;
  readonly bytes: number;
  readonly queued: number;
  readonly inFlight: number;
}

export function openLane(parts: LaneParts): Lane {
  const { pool, knowledge, committing } = parts;
  const runner = batchRunner({ ...parts, log: committing.log });
  const intake = openIntake(parts.maxQueuedBytes, (waiting) => dispatcher().offer(waiting));
  const committer = openCommitter({
    ...committing,
    knowledge,
    refusalOf: (waiting) => intake.refusalOf(waiting),
    onRefused: (error) => intake.refused(error),
    onSettled: (waiting) => intake.settled(waiting),
    onEnded: (commits) => opened?.committed(commits),
  });
  const resequencer = openResequencer<DecodedBatch>((batch) => committer.commit(batch));
  let opened: Dispatcher | undefined;
  // The router needs the plugins' descriptions, which come through this lane's runner.
  const dispatcher = (): Dispatcher => {
    const committingMs = (): number | undefined => committer.committingMs;
    return (opened ??= openDispatcher({ ...parts, router: parts.router(), runner, resequencer, committingMs }));
  };
  return {
    ingest: (envelope, alongside) => intake.ingest(envelope, alongside),
    runner,
    knowledge,
    committer,
    pool,
    hold: () => resequencer.hold(),
    resume: () => resequencer.resume(),
    close: () => intake.close(),
    get bytes() {
      return intake.bytes;
    },
    get queued() {
      return opened?.queued ?? 0;
    },
    get inFlight() {
      return opened?.inFlight ?? 0;
    },
  };
}
