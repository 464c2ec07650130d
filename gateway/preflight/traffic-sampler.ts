import type { Envelope } from '../../contracts/plugin.ts';

/** Bytes and milliseconds of monotonic time. */
export interface TrafficBounds {
  /** Longer payloads are not sampled. */
  readonly payloadBytes: number;
  /** Payloads and topics of one period. */
  readonly periodBytes: number;
  readonly periodMs: number;
  /** The first period after a start is short, so that a new gateway has something to replay soon. */
  readonly firstPeriodMs: number;
}

export const trafficBounds: TrafficBounds = {
  payloadBytes: 4_096,
  periodBytes: 128 * 1024,
  periodMs: 3_600_000,
  firstPeriodMs: 300_000,
};

/** What a sample costs besides payload and names, roughly. */
const overheadBytes = 64;
const periodsPerDay = 24;

export interface TrafficSampler {
  /** Looks at one message. Gives the samples of the period that ended, when one did. Copies the payload it keeps. */
  offer(envelope: Envelope, monoMs: number): readonly Envelope[] | undefined;
  /** Ends the period. */
  take(): readonly Envelope[];
}

/**
 * One message per topic and period, the first one. Half of a period's room is for topics that had no sample in the
 * last 24 periods, so that a loud house does not hide its quiet devices.
 */
export function trafficSampler(bounds: TrafficBounds): TrafficSampler {
  const lastSampled = new Map<string, number>();
  let samples = new Map<string, Envelope>();
  let bytes = 0;
  let period = 0;
  let endsAt: number | undefined;

  const take = (): readonly Envelope[] => {
    const taken = [...samples.values()];
    samples = new Map();
    bytes = 0;
    period += 1;
    for (const [topic, when] of lastSampled) if (when <= period - periodsPerDay) lastSampled.delete(topic);
    return taken;
  };

  const keep = (envelope: Envelope): void => {
    const { topic, client, payload } = envelope;
    if (payload.length > bounds.payloadBytes || samples.has(topic)) return;
    const size = payload.length + topic.length + client.length + overheadBytes;
    const room = lastSampled.has(topic) ? bounds.periodBytes / 2 : bounds.periodBytes;
    if (bytes + size > room) return;
    bytes += size;
    samples.set(topic, { ...envelope, payload: Uint8Array.from(payload) });
    lastSampled.set(topic, period);
  };

  return {
    take,
    offer(envelope, monoMs) {
      endsAt ??= monoMs + bounds.firstPeriodMs;
      if (monoMs < endsAt) {
        keep(envelope);
        return undefined;
      }
      const ended = take();
      endsAt = monoMs + bounds.periodMs;
      keep(envelope);
      return ended;
    },
  };
}
