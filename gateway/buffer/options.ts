import type { FollowerModule } from '../../contracts/log-follower.ts';
import type { TableSet } from '../../contracts/table-set.ts';

/** Bounds of the buffer. Bytes unless the name says otherwise. */
export interface BufferLimits {
  /** Hard budget of the database file together with its write-ahead log. */
  readonly fileBytes: number;
  /** Entries that wait for a commit; beyond it `append` rejects with OVERLOADED. */
  readonly queueBytes: number;
  /** Dead letters kept for the operator; the oldest are dropped, counted. */
  readonly deadLetterBytes: number;
  /** Records of one sink and lane that may wait behind a kept one before nothing newer is lent. */
  readonly parkedRecords: number;
  /** Age, in gateway uptime, after which telemetry and state expire; 0 means never. */
  readonly maxAgeMs: number;
}

/** How long telemetry may wait for company before its commit, to spare the card. */
export interface Linger {
  /** Upper bound of the wait; 0 switches it off. */
  readonly maxMs: number;
  /** The wait applies while the commits of the last minute, projected to a day, exceed this number. */
  readonly commitsPerDay: number;
}

export interface BufferOptions {
  /** The data folder; it holds `portcullis.db` and everything that belongs to it. */
  readonly dataDir: string;
  /** Name of this gateway, stamped on every message as `gw`. */
  readonly gateway: string;
  /**
   * Counts up with each restore of a passport, from 1. Boots and numbers of records leap with it, beyond all that the gateway before
   * has given or will ever give.
   */
  readonly epoch?: number;
  /** Names of the sinks. A record is kept until each of them has settled it. */
  readonly sinks: readonly string[];
  readonly tables: readonly TableSet[];
  /** What is made of the log beside delivery, in the writer thread. */
  readonly follower?: FollowerModule | undefined;
  readonly limits?: Partial<BufferLimits>;
  readonly linger?: Linger;
  /** A batch without an answer for this long counts as a dead writer. */
  readonly answerTimeoutMs?: number;
  /** Negative control for fault tests: NORMAL loses acknowledged records at a power cut. */
  readonly synchronous?: 'FULL' | 'NORMAL';
  /** Negative control for fault tests: `before-ack` drops a record as soon as it is claimed. */
  readonly settle?: 'after-ack' | 'before-ack';
  /** Negative control for fault tests: `in-pieces` migrates without a transaction. */
  readonly migrate?: 'whole' | 'in-pieces';
  /** Negative control for fault tests: `untold` keeps the salvage of a damaged file to itself. */
  readonly salvage?: 'told' | 'untold';
}

const mebibyte = 1024 * 1024;

export const defaultLimits: BufferLimits = {
  fileBytes: 512 * mebibyte,
  queueBytes: 16 * mebibyte,
  deadLetterBytes: 8 * mebibyte,
  parkedRecords: 10_000,
  maxAgeMs: 0,
};

export const databaseName = 'portcullis.db';
