import { hash } from 'node:crypto';

/** Which trace a message is in, and its root span there; lower-case hex as in W3C Trace Context. */
export interface Root {
  readonly traceId: string;
  readonly spanId: string;
}

/** What both ends of a message's way know of it: its topic, and when it was received, in milliseconds of wall time. */
export interface Origin {
  readonly topic: string;
  readonly receivedAt: number;
}

/**
 * The trace of a message, worked out and never stored: the record in the log has its topic and time of receipt, so
 * whoever brings it to a sink, days and restarts later, finds the same trace. Two messages of one topic in one
 * millisecond have one trace.
 */
export function rootOf(gateway: string, { topic, receivedAt }: Origin): Root {
  const digest = hash('sha256', `${gateway}\n${receivedAt}\n${topic}`);
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48) };
}

/** A span below the root, the same whenever it is worked out; `what` tells it from the others of its trace. */
export const childId = ({ traceId }: Root, what: string): string => hash('sha256', `${traceId}\n${what}`).slice(0, 16);

/**
 * Keeps this share of the traces, by their id alone ("TraceIdRatioBased" of OpenTelemetry: its last bits against a
 * threshold), so that all who see a trace decide alike and a larger share has all of a smaller one.
 */
export function isSampled({ traceId }: Root, ratio: number): boolean {
  return Number.parseInt(traceId.slice(-13), 16) >= (1 - ratio) * 2 ** 52;
}

/** The header of W3C Trace Context, version 00, with the span that whoever reads it continues from. */
export const traceparent = ({ traceId }: Root, spanId: string, sampled: boolean): string =>
  `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
