import type { LogFollower } from '../../contracts/log-follower.ts';
import { lanes, type Lane } from '../../contracts/sink.ts';
import type { Boot } from './boots.ts';
import type { Cursor, Settled } from './cursor.ts';
import type { Db } from './database.ts';
import type { DeadLetters } from './dead-letters.ts';
import { notesOf } from './journal-notes.ts';
import { cursorKey, prepareFold, readUnfolded, type Fold, type Unfolded } from './ledger.ts';
import { lentRecords } from './lent-records.ts';
import { packBatch, type OpenBatch } from './batch.ts';
import type { Log } from './log.ts';
import type { Moment, Outages } from './outages.ts';
import type { ClaimAnswer, ClaimRequest, CommitAnswer, Now, NumberedCommit, SettleRequest } from './protocol.ts';
import type { Retention } from './retention.ts';
import { prepareStagedWrites, Staged, stageSettlement } from './staged.ts';
import { faultOf, reportOf } from './store-error.ts';
import { prepareSweep } from './sweep.ts';
import type { TableStatements } from './table-statements.ts';
import { unfoldedTail, type UnfoldedTail } from './unfolded-tail.ts';

/** What the store works with; all of it belongs to one open database. */
export interface StoreParts {
  readonly db: Db;
  readonly log: Log;
  readonly boot: Boot;
  readonly cursors: ReadonlyMap<string, Cursor>;
  readonly deadLetters: DeadLetters;
  readonly outages: Outages;
  readonly tables: TableStatements;
  readonly sinks: readonly string[];
  readonly retention: Retention;
  readonly maxAgeMs: number;
  /** See `BufferOptions.settle`. */
  readonly settleAtClaim: boolean;
}

/** A record older than this when it is first lent is history, and is marked so. */
const historyAfterMs = 10_000;
/** The tail of the log is folded into the tables after this time or number of commits, whichever comes first. */
const foldEveryMs = 60_000;
const foldEveryCommits = 2_000;
/** A settlement that no commit took along is written after this time. */
const flushAfterMs = 1_000;
/** Rounds of making room, each a short transaction: a few in the background, more when a commit waits for it. */
const roundsPerTick = 2;
const roundsWhenFull = 50;

class StatementFailed extends Error {
  readonly entry: number;

  constructor(entry: number, cause: unknown) {
    super('a statement failed', { cause });
    this.entry = entry;
  }
}

/** The buffer inside the writer thread: every method is one short transaction or none. */
export class Store {
  readonly #parts: StoreParts;
  readonly #staged = new Staged();
  readonly #dropped = new Map<string, number>();
  readonly #writeStaged: (staged: Staged) => void;
  readonly #fold: Fold;
  readonly #sweep: ReturnType<typeof prepareSweep>;
  readonly #addNotes;
  #nextLsn: number;
  #loans = 0;
  #commits = 0;
  #lastCommit: number;
  #foldedAt: number;
  #stagedAt = 0;
  #follower: Pick<LogFollower, 'needsFrom'> | undefined;
  /** Lanes in which the last sweep stopped before the end. */
  #unswept: readonly Lane[] = [];
  /** Unknown after a crash and after a failed transaction: until the next fold it is read from the log. */
  #tail: UnfoldedTail | undefined;

  constructor(parts: StoreParts, now: Now) {
    this.#parts = parts;
    this.#nextLsn = parts.boot.nextLsn;
    this.#foldedAt = now.monoMs;
    this.#writeStaged = prepareStagedWrites(parts.db, parts.deadLetters);
    this.#fold = prepareFold(parts.db);
    this.#sweep = prepareSweep(parts.db, parts.log);
    this.#addNotes = parts.db.prepare('INSERT INTO journal (notes) VALUES (?)');
    const { commits, lastCommit } = readUnfolded(parts.db, []);
    this.#lastCommit = lastCommit;
    if (commits === 0) this.#tail = unfoldedTail(parts.sinks);
  }

  /** Number of the newest commit that brought more than writes of the stages. */
  get lastCommit(): number {
    return this.#lastCommit;
  }

  get nextLsn(): number {
    return this.#nextLsn;
  }

  /** The tail of the log that the folded tables do not know yet. */
  unfolded(): Pick<Unfolded, 'tallies' | 'cursors'> {
    return this.#tail?.read() ?? readUnfolded(this.#parts.db, this.#parts.sinks);
  }

  /** From now on nothing is deleted that it needs. */
  keepFor(follower: Pick<LogFollower, 'needsFrom'>): void {
    this.#follower = follower;
  }

  moment(now: Now): Moment {
    return { lsn: this.#nextLsn, wallMs: now.wallMs, upMs: this.#parts.boot.uptimeMs(now) };
  }

  /** A file that has reached its budget gets room and a second try before the commit is refused as on a full disk. */
  commit(request: NumberedCommit, now: Now): CommitAnswer {
    try {
      return this.#commit(request, now);
    } catch (error) {
      if (faultOf(error) !== 'full') throw error;
      this.#relieve(now, roundsWhenFull);
      return this.#commit(request, now);
    }
  }

  #commit(request: NumberedCommit, now: Now): CommitAnswer {
    const { boot, log } = this.#parts;
    const stamp = { boot: boot.boot, wallMs: now.wallMs, upMs: boot.uptimeMs(now) };
    let bytes = 0;
    let lsn = this.#nextLsn;
    const batches = request.lanes.map((lane) => {
      lsn += lane.n;
      return { ...lane, ...stamp, firstLsn: lsn - lane.n };
    });
    try {
      this.#transaction(request, (notes) => {
        for (const [index, batch] of batches.entries()) {
          const row = packBatch({ ...batch, notes: index === 0 ? notes : undefined });
          log.insert(row);
          bytes += row.data.length;
        }
        return batches.length > 0;
      });
    } catch (error) {
      if (!(error instanceof StatementFailed)) throw error;
      return { bytes: 0, failed: { entry: error.entry, error: reportOf(error.cause) } };
    }
    this.#nextLsn = lsn;
    for (const batch of batches) log.hold(batch);
    return { bytes };
  }

  /** `records` writes the batches and says whether they took the notes along. */
  #transaction(request: NumberedCommit | undefined, records: (notes: string | undefined) => boolean): void {
    const { db, deadLetters, tables } = this.#parts;
    const changes = notesOf(request, this.#staged);
    const notes = changes && JSON.stringify(changes);
    const tail = this.#tail;
    this.#tail = undefined;
    try {
      db.transaction(() => {
        if (!records(notes) && notes !== undefined) this.#addNotes.run(notes);
        for (const letter of request?.deadLetters ?? [])
          deadLetters.add({ ...letter, sink: '', lsn: null, origin: letter.origin });
        this.#writeStaged(this.#staged);
        deadLetters.trim();
        for (const { entry, statement, params } of request?.writes ?? []) {
          try {
            tables.run(statement, params);
          } catch (error) {
            throw faultOf(error) === 'statement' ? new StatementFailed(entry, error) : error;
          }
        }
      }).immediate();
    } catch (error) {
      deadLetters.recount();
      throw error;
    }
    tail?.add(request?.lanes.map(({ devices }) => devices) ?? [], changes);
    this.#tail = tail;
    this.#staged.clear();
    this.#lastCommit = changes?.n ?? this.#lastCommit;
    this.#commits += 1;
  }

  claim(want: ClaimRequest, now: Now): ClaimAnswer | undefined {
    const cursor = this.#cursor(want.sink, want.lane);
    const { log, boot } = this.#parts;
    const isHistory = (batch: OpenBatch): boolean =>
      batch.boot !== boot.boot || boot.uptimeMs(now) - batch.upMs > historyAfterMs;
    this.#loans += 1;
    const loan = this.#loans;
    const items = cursor.lend(loan, want, { at: (lane, lsn) => log.at(lane, lsn), isHistory });
    if (items.length === 0) return undefined;
    if (this.#parts.settleAtClaim) this.settle({ loan, verdicts: items.map(() => true) }, now);
    return lentRecords(loan, items, boot);
  }

  /** False when the loan is unknown: it was made before the writer started again, and its records come again. */
  settle(request: SettleRequest, now: Now): boolean {
    const verdicts = request.verdicts.map((verdict): Settled => {
      if (typeof verdict === 'boolean') return verdict ? 'accept' : 'keep';
      return verdict === 'rest' ? verdict : { code: verdict[0], detail: verdict[1] };
    });
    for (const cursor of this.#parts.cursors.values()) {
      const settlements = cursor.settle(request.loan, verdicts);
      if (!settlements) continue;
      if (this.#staged.isEmpty) this.#stagedAt = now.monoMs;
      for (const settlement of settlements) {
        stageSettlement(this.#staged, { cursor, settlement, outages: this.#parts.outages, wallMs: now.wallMs });
      }
      return true;
    }
    return false;
  }

  /**
   * Housekeeping: writes waiting settlements, folds the ledger, deletes what every sink has settled. Says whether some
   * of that still waits for its time.
   */
  tick(now: Now, force = false): boolean {
    const waited = now.monoMs - this.#stagedAt >= flushAfterMs;
    if (!this.#staged.isEmpty && (force || waited)) this.#transaction(undefined, () => false);
    const due = now.monoMs - this.#foldedAt >= foldEveryMs || this.#commits >= foldEveryCommits;
    if (this.#unswept.length > 0 || (this.#commits > 0 && (force || due))) this.fold(now);
    const relieved = this.#parts.retention.isTight() && this.#relieve(now, roundsPerTick);
    if (due && this.#parts.maxAgeMs > 0) {
      this.#count(this.#parts.retention.expire(this.#parts.boot.uptimeMs(now), this.#parts.maxAgeMs));
    }
    return relieved || this.#unswept.length > 0 || !this.#staged.isEmpty || this.#commits > 0;
  }

  /** What retention left out since this was last asked, by reason. */
  takeDropped(): [reason: string, count: number][] {
    const all = [...this.#dropped];
    this.#dropped.clear();
    return all;
  }

  /** Says whether anything could be left out. */
  #relieve(now: Now, rounds: number): boolean {
    using _ = this.#parts.retention.headroom();
    this.fold(now);
    const dropped = this.#parts.retention.relieve(rounds);
    this.#count(dropped);
    return dropped.size > 0;
  }

  #count(dropped: ReadonlyMap<string, number>): void {
    for (const [reason, n] of dropped) this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + n);
  }

  fold(now: Now): void {
    const { db, sinks, cursors, boot } = this.#parts;
    if (!this.#staged.isEmpty) this.#transaction(undefined, () => false);
    const { tallies } = this.unfolded();
    this.#tail = undefined;
    db.transaction(() => {
      const positions = [...cursors.values()].map(({ sink, lane, position }) => [sink, lane, position] as const);
      const upMs = Math.floor(boot.uptimeMs(now));
      const heads = { folded_lsn: this.#nextLsn - 1, next_lsn: this.#nextLsn, commit: this.#lastCommit };
      this.#fold.run({ tallies, cursors: positions }, { ...heads, up_ms: upMs });
      // A lane that is through rests until the other one is: together they might never be.
      const toSweep = this.#unswept.length > 0 ? this.#unswept : lanes;
      this.#unswept = toSweep.filter((lane) => this.#sweep(lane, this.#settledThrough(lane), this.#parkedIn(lane)));
    }).immediate();
    this.#tail = unfoldedTail(sinks);
    this.#foldedAt = now.monoMs;
    this.#commits = 0;
  }

  #settledThrough(lane: Lane): number {
    const positions = this.#parts.sinks.map((sink) => this.#cursor(sink, lane).position);
    const needed = this.#follower?.needsFrom(lane) ?? Infinity;
    return Math.min(this.#nextLsn - 1, needed - 1, ...positions);
  }

  #parkedIn(lane: Lane): number[] {
    const parked = this.#parts.sinks.flatMap((sink) => [...this.#cursor(sink, lane).parked.keys()]);
    return parked.sort((a, b) => a - b);
  }

  #cursor(sink: string, lane: Lane): Cursor {
    const cursor = this.#parts.cursors.get(cursorKey(sink, lane));
    if (!cursor) throw new Error(`there is no sink ${sink}`);
    return cursor;
  }
}
