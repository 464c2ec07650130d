import type { RecordClass } from '../../contracts/message.ts';
import type { NewDeadLetter } from '../../contracts/pipeline.ts';
import type { Lane } from '../../contracts/sink.ts';
import type { SqlRow, SqlValue } from '../../contracts/table-set.ts';
import type { CheckReport } from './check.ts';
import type { DeadLetter, DeadLetterQuery } from './dead-letters.ts';
import type { LedgerReport } from './ledger-report.ts';
import type { BufferOptions } from './options.ts';
import type { SalvageReport } from './salvage.ts';
import type { BufferStatus } from './status.ts';
import type { ErrorReport } from './store-error.ts';

/** Both clocks at the moment of the request; the writer thread reads no clock of its own. */
export interface Now {
  readonly wallMs: number;
  readonly monoMs: number;
}

/**
 * The records of one commit and lane. `text` is what the log stores: a first line with the device of each record, as
 * a JSON array of indexes into `devices`, then one line of JSON per record. One string is the cheapest thing to hand
 * from thread to thread.
 */
export interface LaneRecords {
  readonly lane: Lane;
  readonly text: string | Uint8Array;
  readonly n: number;
  readonly devices: readonly (readonly [device: string, count: number])[];
  readonly classes: Readonly<Partial<Record<RecordClass, number>>>;
}

/** One statement of a table set; `entry` says whose it is, so that a failing one can be given back to its owner. */
export interface OwnedWrite {
  readonly entry: number;
  readonly statement: string;
  readonly params: readonly SqlValue[];
}

export interface CommitRequest {
  readonly lanes: readonly LaneRecords[];
  readonly filtered: readonly (readonly [device: string, reason: string, count: number])[];
  readonly deadLetters: readonly NewDeadLetter[];
  readonly writes: readonly OwnedWrite[];
}

/** Counts up with each try, over all runs on one database: by it a later writer says whether this one was committed. */
export interface NumberedCommit extends CommitRequest {
  readonly n: number;
  /** Where the texts of the lanes end in the room, where they lie there. */
  readonly ends?: readonly number[];
}

/** `failed` names the entry whose statement failed; then nothing was committed. */
export interface CommitAnswer {
  readonly failed?: { readonly entry: number; readonly error: ErrorReport };
  readonly bytes: number;
}

export interface ClaimRequest {
  readonly sink: string;
  readonly lane: Lane;
  readonly records: number;
  readonly bytes: number;
  readonly resting?: boolean;
}

/** A loan; the arrays run in step. `text` holds the records' JSON, one per line. */
export interface ClaimAnswer {
  readonly loan: number;
  readonly text: string;
  readonly lsns: readonly number[];
  readonly ids: readonly string[];
  readonly boots: readonly number[];
  readonly seqs: readonly number[];
  readonly hists: readonly boolean[];
}

/** A verdict per item: true accepts, false keeps, `rest` keeps for a reason of the device's own, a pair rejects. */
export type VerdictCode = boolean | 'rest' | readonly [code: string, detail: string];

export interface SettleRequest {
  readonly loan: number;
  readonly verdicts: readonly VerdictCode[];
}

/** What the writer thread can be asked. */
export interface Operations {
  commit: { ask: NumberedCommit; answer: CommitAnswer };
  claim: { ask: ClaimRequest; answer: ClaimAnswer | undefined };
  settle: { ask: SettleRequest; answer: boolean };
  read: { ask: { statement: string; params: readonly SqlValue[] }; answer: SqlRow[] };
  outage: { ask: { sink: string; started: boolean }; answer: undefined };
  ledger: { ask: { devices?: readonly string[] | undefined }; answer: LedgerReport };
  deadLetters: { ask: DeadLetterQuery; answer: DeadLetter[] };
  forgetDeadLetters: { ask: { device: string }; answer: undefined };
  /** One step of the follower, and a question to it. */
  follow: { ask: undefined; answer: FollowAnswer };
  askFollower: { ask: unknown; answer: unknown };
  status: { ask: undefined; answer: BufferStatus };
  check: { ask: undefined; answer: CheckReport };
  tick: { ask: undefined; answer: TickAnswer };
  close: { ask: undefined; answer: undefined };
}
export type Operation = keyof Operations;

/** `more`: another step waits now; `againInMs`: one will, although nothing is committed. */
export interface FollowAnswer {
  readonly more: boolean;
  readonly againInMs?: number | undefined;
  /** All records before this one have been taken, of those before `nextLsn`. */
  readonly followed: number;
  readonly nextLsn: number;
}

/** What housekeeping took out of the log, by reason. */
export interface TickAnswer {
  /** Whether something still waits for its time, so that the writer should be asked again soon. */
  readonly more: boolean;
  readonly dropped: readonly (readonly [reason: string, count: number])[];
}

export type Request = {
  [Op in Operation]: { readonly id: number; readonly op: Op; readonly now: Now; readonly ask: Operations[Op]['ask'] };
}[Operation];

export type Answer =
  | { readonly id: number; readonly ok: true; readonly answer: Operations[Operation]['answer'] }
  | { readonly id: number; readonly ok: false; readonly error: ErrorReport };

/** The first thing the writer thread says. `lastCommit`: number of the newest commit that it found, synced with all before it. */
export type Opening =
  | { readonly opened: true; readonly salvaged: SalvageReport | undefined; readonly lastCommit: number }
  | { readonly opened: false; readonly error: ErrorReport };

/** What the writer thread is started with; `again` after an earlier one of this process. */
export interface WriterData {
  readonly again: boolean;
  readonly options: Omit<BufferOptions, 'limits'> & { readonly limits: Required<NonNullable<BufferOptions['limits']>> };
  readonly now: Now;
  /** Where long texts of commits lie. */
  readonly room: SharedArrayBuffer;
}
