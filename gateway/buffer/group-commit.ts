import { PortcullisError } from '../../contracts/errors.ts';
import { tell } from '../observability/channels.ts';
import type { Linger } from './options.ts';
import { buildCommit, encodeEntry, type EncodedEntry } from './commit-request.ts';
import type { Entry } from '../../contracts/pipeline.ts';
import type { Lane } from '../../contracts/sink.ts';
import type { CommitAnswer, CommitRequest } from './protocol.ts';
import { diskFullPauses } from './disk-full.ts';
import { errorFrom } from './store-error.ts';
import { wearPacer } from './wear-pacer.ts';

export interface GroupCommitDeps {
  commit(request: CommitRequest): Promise<CommitAnswer>;
  onArrival(lane: Lane): void;
  readonly queueBytes: number;
  readonly linger: Linger;
}

/** One batch with the writer at a time; what arrives meanwhile goes along with the next one. */
export interface GroupCommit {
  /** Resolves after the commit that holds the entry. */
  append(entry: Entry): Promise<void>;
  readonly queuedBytes: number;
  /** Refuses new entries and resolves when all earlier ones have their answer. */
  finish(): Promise<void>;
  /** Rejects what still waits, for example on a full disk. */
  abandon(): void;
}

interface Pending {
  readonly encoded: EncodedEntry;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Bounds of one commit. */
const most = { records: 1_000, bytes: 1024 * 1024 };

export function startGroupCommit(deps: GroupCommitDeps): GroupCommit {
  const queue: Pending[] = [];
  const pacer = wearPacer(deps.linger);
  const stop = new AbortController();
  let bytes = 0;
  let running: Promise<void> | undefined;
  let lingering: NodeJS.Timeout | undefined;
  let finishing = false;

  const takeBatch = (): Pending[] => {
    let count = 0;
    let records = 0;
    let size = 0;
    for (const { encoded } of queue) {
      records += encoded.records.length;
      size += encoded.bytes;
      if (count > 0 && (records > most.records || size > most.bytes)) break;
      count += 1;
    }
    return queue.splice(0, count);
  };

  const run = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = takeBatch();
      const isWhole = await commitBatch(batch, deps, stop.signal);
      if (!isWhole) batch.push(...refuseFollowers(queue, 0));
      for (const { encoded } of batch) bytes -= encoded.bytes;
      pacer.committed();
    }
    running = undefined;
  };

  const go = (): void => {
    clearTimeout(lingering);
    lingering = undefined;
    running ??= run();
  };

  const append = (entry: Entry): Promise<void> => {
    if (finishing) return Promise.reject(new PortcullisError('STORE_CLOSED', 'The buffer is closing.'));
    if (bytes >= deps.queueBytes) {
      tell('rejected', { stage: 'buffer', reason: 'queue-full', count: 1 });
      return Promise.reject(new PortcullisError('OVERLOADED', 'Too much waits for the disk; send again later.'));
    }
    const encoded = encodeEntry(entry);
    bytes += encoded.bytes;
    const waitMs = encoded.mayLinger ? pacer.lingerMs() : 0;
    return new Promise((resolve, reject) => {
      queue.push({ encoded, resolve, reject });
      if (running) return;
      if (waitMs === 0) queueMicrotask(go);
      else lingering ??= setTimeout(go, waitMs);
    });
  };

  return {
    append,
    get queuedBytes() {
      return bytes;
    },
    async finish() {
      finishing = true;
      if (queue.length > 0) go();
      await running;
    },
    abandon: () => stop.abort(new PortcullisError('STORE_CLOSED', 'The buffer is closing.')),
  };
}

/**
 * Commits until each entry has its answer. A full disk holds the answers back and tries again; a failing statement
 * rejects its own entry and those that follow on it, and the others go again without them; everything else rejects the
 * whole batch. False where what follows on an entry of this batch must be refused too.
 */
async function commitBatch(batch: readonly Pending[], deps: GroupCommitDeps, signal: AbortSignal): Promise<boolean> {
  const left = [...batch];
  let isWhole = true;
  const refuse = (from: number, count: number, error: Error): void => {
    const refused = left.splice(from, count);
    for (const { reject } of refused) reject(error);
    if (!refused.some(({ encoded }) => encoded.followsOn)) return;
    isWhole = false;
    refuseFollowers(left, from);
  };
  using full = diskFullPauses(signal);
  while (left.length > 0) {
    const request = buildCommit(left.map(({ encoded }) => encoded));
    const started = performance.now();
    try {
      const answer = await deps.commit(request);
      if (answer.failed) {
        refuse(answer.failed.entry, 1, errorFrom(answer.failed.error));
        continue;
      }
      const records = request.lanes.reduce((sum, lane) => sum + lane.n, 0);
      tell('committed', { records, bytes: answer.bytes, durationMs: performance.now() - started });
      for (const { resolve } of left.splice(0)) resolve();
      for (const { lane } of request.lanes) deps.onArrival(lane);
    } catch (error) {
      if (await full.heldBack(error)) continue;
      refuse(0, left.length, error instanceof Error ? error : new Error(String(error)));
    }
  }
  return isWhole;
}

/** Takes out and rejects what follows on an entry that was refused: committed, it would speak for what is nowhere. */
function refuseFollowers(waiting: Pending[], from: number): Pending[] {
  const behind = waiting.splice(from);
  const refused = behind.filter(({ encoded }) => encoded.followsOn);
  waiting.push(...behind.filter(({ encoded }) => !encoded.followsOn));
  const error = new PortcullisError('STORE_FAILED', 'What came before it was not committed; send it again.');
  for (const { reject } of refused) reject(error);
  return refused;
}
