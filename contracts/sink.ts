import type { Message } from './message.ts';

/** `urgent` carries alarms and events and is always claimed first; order per device holds inside a lane. */
export const lanes = ['urgent', 'normal'] as const;
export type Lane = (typeof lanes)[number];

/** One claimed record: `lsn` is its place in the log, `message.id` its idempotency key. */
export interface BatchItem {
  readonly lsn: number;
  readonly message: Message;
}

/**
 * Records lent to one sink. Every item is settled exactly once: accepted by the far side, rejected with a reason
 * (dead letter), or released (kept, claimed again later). What is not settled when the process dies comes again.
 */
export interface Batch {
  readonly sink: string;
  readonly lane: Lane;
  readonly items: readonly BatchItem[];
}

/**
 * What became of one item; `code` and `detail` of a rejection go into its dead letter. `own` names, in a word out of few,
 * what keeps an item that others do not suffer from: its device rests for a while, and nobody else does.
 */
export type Verdict =
  | { readonly is: 'accept' }
  | { readonly is: 'reject'; readonly code: string; readonly detail: string }
  | { readonly is: 'keep'; readonly own?: string };

/**
 * How one write went. `verdicts` has one entry per item of the batch, in its order.
 * `pause` asks the delivery loop to leave the sink alone: `transient` for the next backoff step,
 * a number of milliseconds where the far side named one, `stopped` until the operator acts. `reason` is a word out of
 * few, because it labels a metric; the sink logs the sentence.
 */
export interface WriteResult {
  readonly verdicts: readonly Verdict[];
  readonly pause?: { readonly reason: string; readonly forMs: number | 'transient' | 'stopped' };
  /** Payload bytes that went out, for the metrics. */
  readonly bytes?: number;
}

/**
 * The far side of delivery. Once `connect` has resolved, `write` is called until the sink is disposed, with at most
 * `limits.inFlight` batches (one when absent) at a time per lane; a device's records are never in two of them. Inside a
 * batch the sink keeps the order of each device: after a kept item, later items of that device are kept too.
 * `write` throws only on faults of our own; whatever the far side does is a `WriteResult`. `connect` rejects with a
 * `PortcullisError`; one that is not retryable stops the loop until the operator acts.
 */
export interface Sink extends AsyncDisposable {
  readonly name: string;
  readonly limits: { readonly records: number; readonly bytes: number; readonly inFlight?: number };
  connect(signal: AbortSignal): Promise<void>;
  write(batch: Batch, signal: AbortSignal): Promise<WriteResult>;
}
