import type { Measurement, RecordClass, Scalar } from './message.ts';
import type { Envelope } from './plugin.ts';
import type { Batch, Lane, Verdict } from './sink.ts';
import type { Write } from './table-set.ts';

/** What became of one envelope, in ledger records; the sum is at least one. */
export interface Outcome {
  readonly stored: number;
  readonly filtered: number;
  readonly deadLettered: number;
}

/**
 * The heart of the gateway: resolves only when the outcome is durable, and the transport acknowledges after that.
 * `alongside` is committed in the same transaction (retained message, session queue, QoS 2 id).
 * Rejects with a retryable error when nothing was committed; the transport then gives no acknowledgement.
 */
export type Ingest = (envelope: Envelope, alongside?: readonly Write[]) => Promise<Outcome>;

/** Records that were understood and left out on purpose; the ledger counts them by device and reason. */
export interface Filtered {
  readonly device: string;
  readonly reason: string;
  readonly count: number;
}

/** How a message that was refused as a whole came, so that it can be taken again once the cause is mended. */
export interface LetterOrigin extends Pick<Envelope, 'transport' | 'client' | 'retain' | 'plugin' | 'user'> {
  /** What the sample leaves out of the payload. */
  readonly rest: Uint8Array;
}

/** A message that could not be used, with what an auditor needs to see why. `sample` is at most 1 KiB. */
export interface NewDeadLetter {
  readonly device: string;
  readonly plugin: string;
  readonly topic: string;
  readonly code: string;
  readonly detail: string;
  readonly sample: Uint8Array;
  readonly receivedAt: number;
  /** Absent where a part of the message was stored, or the message is too large to be kept. */
  readonly origin?: LetterOrigin | undefined;
}

/** A measurement that was written as JSON already, on one line, with what the buffer must know without reading it. */
export interface WrittenMeasurement {
  readonly text: string;
  readonly device: string;
  readonly cls: RecordClass;
  readonly kind: Measurement['kind'];
}

/**
 * A measurement that was written down in the decode thread, with what has to be compared, so that the main thread neither
 * reads nor writes it. `keys` and `values` are those of its metrics, in their order; a key is the name, before it the
 * endpoint and a line break where there is one. Messages of one kind of device may share their list of keys.
 */
export interface TextMeasurement extends WrittenMeasurement {
  /** Source time, where the source told it. */
  readonly ts: number | undefined;
  readonly keys: readonly string[];
  readonly values: readonly Scalar[];
}

/** What one or more envelopes leave behind, committed at once or not at all. */
export interface Entry {
  readonly measurements: readonly (Measurement | TextMeasurement | WrittenMeasurement)[];
  readonly filtered: readonly Filtered[];
  readonly deadLetters: readonly NewDeadLetter[];
  readonly writes: readonly Write[];
  /** Decided by what others of this kind before it leave behind: where one of them is not committed, this one is refused. */
  readonly followsOn?: boolean;
}

/** Group commit: resolves after the commit that holds the entry, with `synchronous=FULL`. Rejects when it is in none. */
export type Append = (entry: Entry) => Promise<void>;

/** What a delivery loop asks of the buffer. Cursors are durable and one per sink and lane. */
export interface Outlet {
  /**
   * Lends the oldest unsettled records of a lane, or nothing when there are none; never blocks for new ones. While a
   * record is lent, no later one of its device is. `resting`: also of devices whose records were kept for a reason of
   * their own; without it they wait, and those of others go on.
   */
  claim(want: {
    sink: string;
    lane: Lane;
    records: number;
    bytes: number;
    resting?: boolean;
  }): Promise<Batch | undefined>;
  /** Settles a claimed batch, one verdict per item, in one transaction with the ledger. */
  settle(batch: Batch, verdicts: readonly Verdict[]): Promise<void>;
  /** Called after commits that added records to a lane. */
  onArrival(listener: (lane: Lane) => void): Disposable;
}
