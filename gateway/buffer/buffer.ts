import { mkdir } from 'node:fs/promises';
import type { Logger } from 'pino';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Append, Outlet } from '../../contracts/pipeline.ts';
import type { Batch, Lane, Verdict } from '../../contracts/sink.ts';
import type { TableStore } from '../../contracts/table-set.ts';
import type { Clock } from '../lib/clock.ts';
import type { CheckReport } from './check.ts';
import { messagesFrom } from './claimed-messages.ts';
import type { DeadLetter, DeadLetterQuery } from './dead-letters.ts';
import { followCommits, watchThread } from './following.ts';
import { startGroupCommit } from './group-commit.ts';
import { keepHouse } from './housekeeping.ts';
import type { LedgerReport } from './ledger-report.ts';
import { defaultLimits, type BufferOptions } from './options.ts';
import type { VerdictCode } from './protocol.ts';
import type { BufferStatus } from './status.ts';
import { openSureCommit } from './sure-commit.ts';
import { superviseWriter } from './writer-supervisor.ts';

/** The durable buffer: what it has resolved is on the disk, and its ledger accounts for every record. */
export interface Buffer extends Outlet, TableStore, AsyncDisposable {
  readonly append: Append;
  /** Delivery tells when it lost a sink and got it back, so that the ledger can show the outage. */
  outageStarted(sink: string): Promise<void>;
  outageEnded(sink: string): Promise<void>;
  /** Of some devices, or of all. */
  ledger(query?: { devices?: readonly string[] }): Promise<LedgerReport>;
  deadLetters(query: DeadLetterQuery): Promise<DeadLetter[]>;
  /** Deletes a device's dead letters; the ledger goes on counting them. */
  forgetDeadLetters(device: string): Promise<void>;
  /** Resolves when the follower in the writer thread has taken all that was committed before the call. */
  readonly followed: () => Promise<void>;
  /** Asks the follower; undefined where there is none. */
  readonly askFollower: (question: unknown) => Promise<unknown>;
  status(): Promise<BufferStatus & { readonly queuedBytes: number }>;
  /** Reads the whole file and recounts; takes seconds on a long backlog, and commits wait meanwhile. */
  check(): Promise<CheckReport>;
  /** Aborted with a PortcullisError when nothing can be written any more: the process should end with its exit code. */
  readonly fatal: AbortSignal;
}

export interface BufferDeps {
  readonly log: Logger;
  readonly clock: Clock;
}

/** How often records are looked at that may expire although nothing else happens. */
const expiryMs = 60_000;
const closeWithinMs = 5_000;

const codeOf = (verdict: Verdict): VerdictCode => {
  if (verdict.is === 'reject') return [verdict.code, verdict.detail];
  return verdict.is === 'keep' && verdict.own !== undefined ? 'rest' : verdict.is === 'accept';
};

/**
 * Opens the buffer in its data folder, which it creates and locks. Rejects with DATA_DIR_LOCKED, NATIVE_MODULE or
 * STORE_FAILED. A damaged file is no reason to reject: it is moved aside and what is readable is taken over.
 */
export async function openBuffer(options: BufferOptions, { log, clock }: BufferDeps): Promise<Buffer> {
  const limits = { ...defaultLimits, ...options.limits };
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const { answerTimeoutMs = 30_000 } = options;
  const writer = await superviseWriter({ ...options, limits }, { log, clock, answerTimeoutMs });
  const listeners = new Set<(lane: Lane) => void>();
  const loans = new WeakMap<Batch, number>();
  const commit = await openSureCommit(writer);
  const commits = startGroupCommit({
    commit: (request) => {
      housekeeping.due();
      following?.due();
      return commit(request);
    },
    onArrival: (lane) => {
      for (const listener of listeners) listener(lane);
    },
    queueBytes: limits.queueBytes,
    linger: options.linger ?? { maxMs: 0, commitsPerDay: 0 },
  });
  const housekeeping = keepHouse(() => writer.ask('tick', undefined), {
    rarelyMs: limits.maxAgeMs > 0 ? expiryMs : undefined,
    log,
  });

  const following =
    options.follower && followCommits({ step: () => writer.ask('follow', undefined), isBusy: watchThread(), log });

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const abandon = setTimeout(() => commits.abandon(), closeWithinMs);
    await commits.finish();
    clearTimeout(abandon);
    housekeeping[Symbol.dispose]();
    following?.[Symbol.dispose]();
    await writer[Symbol.asyncDispose]();
  };
  const none = { measurements: [], filtered: [], deadLetters: [] };

  return {
    fatal: writer.fatal,
    append: (entry) => commits.append(entry),
    write: (writes) => commits.append({ ...none, writes }),
    read: (statement, params) => writer.ask('read', { statement, params }),
    async claim(want) {
      const answer = await writer.ask('claim', want);
      if (!answer) return undefined;
      const batch: Batch = { sink: want.sink, lane: want.lane, items: messagesFrom(answer, options.gateway) };
      loans.set(batch, answer.loan);
      return batch;
    },
    async settle(batch, verdicts) {
      const loan = loans.get(batch);
      if (loan === undefined || verdicts.length !== batch.items.length) {
        throw new PortcullisError('INTERNAL', 'A batch is settled once, with one verdict per item.');
      }
      const known = await writer.ask('settle', { loan, verdicts: verdicts.map(codeOf) });
      loans.delete(batch);
      housekeeping.due();
      if (!known)
        log.info({ sink: batch.sink, lane: batch.lane }, 'the writer started anew: a settled batch comes again');
    },
    onArrival(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    outageStarted: (sink) => writer.ask('outage', { sink, started: true }),
    outageEnded: (sink) => writer.ask('outage', { sink, started: false }),
    ledger: (query = {}) => writer.ask('ledger', query),
    deadLetters: (query) => writer.ask('deadLetters', query),
    forgetDeadLetters: (device) => writer.ask('forgetDeadLetters', { device }),
    followed: async () => following?.caughtUp(),
    askFollower: (question) => writer.ask('askFollower', question),
    status: async () => ({ ...(await writer.ask('status', undefined)), queuedBytes: commits.queuedBytes }),
    check: () => writer.ask('check', undefined),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}
