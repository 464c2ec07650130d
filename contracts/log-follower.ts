import type { Lane } from './sink.ts';
import type { SqlRow, SqlValue } from './table-set.ts';

/** Records of one stored batch, in step; `lines` are measurements as JSON, to be read once and before the next batch. */
export interface FollowedBatch {
  readonly lsns: readonly number[];
  readonly lines: Iterable<string>;
}

/** What the writer thread gives to a stage that follows the log in it. All calls are synchronous and short. */
export interface FollowerPort {
  /** One more than the number of the newest record of both lanes. */
  nextLsn(): number;
  /** The batch that holds the record, or the first one after it. */
  batchAt(lane: Lane, lsn: number): FollowedBatch | undefined;
  /** Statements of the stage's own table set. */
  run(statement: string, params: readonly SqlValue[]): void;
  all(statement: string, params: readonly SqlValue[]): SqlRow[];
  transaction(work: () => void): void;
}

/** The clock of the wall, and the uptime of the gateway over all of its lives. */
export interface FollowerMoment {
  readonly wallMs: number;
  readonly upMs: number;
}

/**
 * A stage that makes something of what was committed, in the writer thread and after the acknowledgement: nothing waits
 * for it but the next commit, for the length of one step. The log keeps every record from `needsFrom` on, so that
 * a follower may hold in memory what it has not written and still lose nothing.
 */
export interface LogFollower {
  needsFrom(lane: Lane): number;
  /** All records before this one have been taken. */
  followed(): number;
  /** One short piece of work. `more` says that another one waits, `againInMs` when one will although nothing comes. */
  step(now: FollowerMoment): { readonly more: boolean; readonly againInMs?: number };
  /** An answer to the stage's other half on the main thread; both are structured clones. */
  ask(question: unknown): unknown;
}

/** Names the module that the writer thread loads; it exports `openFollower(port, options): LogFollower`. */
export interface FollowerModule {
  readonly filename: string;
  readonly options: unknown;
}

export type OpenFollower = (port: FollowerPort, options: never) => LogFollower;
