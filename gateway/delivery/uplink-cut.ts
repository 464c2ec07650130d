import { PortcullisError } from '../../contracts/errors.ts';
import type { Sink } from '../../contracts/sink.ts';
import type { Clock } from '../lib/clock.ts';

/** The way out, as somebody cuts it for a moment to see what that costs. It comes back by itself, also when nobody looks any more. */
export interface UplinkCut {
  /** Nothing goes to any sink, and nothing is taken from afar, for so long. Throws CONFLICT while it is cut already. */
  begin(forMs: number): void;
  /** Until it is back; 0 while nothing is cut. */
  leftMs(): number;
  /** The sink as the delivery loop shall see it: while it is cut it answers as one that cannot be reached. */
  through(sink: Sink): Sink;
}

export function openUplinkCut(clock: Clock): UplinkCut {
  let untilMs = 0;
  const leftMs = (): number => Math.max(0, Math.ceil(untilMs - clock.monoMs()));
  return {
    begin(forMs) {
      if (leftMs() > 0) throw new PortcullisError('CONFLICT', 'The uplink is cut already. Wait until it is back.');
      untilMs = clock.monoMs() + forMs;
    },
    leftMs,
    through: (sink) => ({
      name: sink.name,
      limits: sink.limits,
      async connect(signal) {
        if (leftMs() > 0) throw new PortcullisError('SINK_UNAVAILABLE', 'The uplink is cut for a test.');
        await sink.connect(signal);
      },
      async write(batch, signal) {
        const forMs = leftMs();
        if (forMs === 0) return sink.write(batch, signal);
        return { verdicts: batch.items.map(() => ({ is: 'keep' })), pause: { reason: 'cut for a test', forMs } };
      },
      [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose](),
    }),
  };
}
