import type { Logger } from 'pino';
import type { Ingest } from '../../contracts/pipeline.ts';
import type { Envelope } from '../../contracts/plugin.ts';
import type { TableStore, Write } from '../../contracts/table-set.ts';
import type { Clock } from '../lib/clock.ts';
import { tell } from '../observability/channels.ts';
import { packSamples } from './packed-samples.ts';
import { trafficBounds, trafficSampler } from './traffic-sampler.ts';
import type { TrafficBounds } from './traffic-sampler.ts';

export interface TrafficDeps {
  readonly store: Pick<TableStore, 'write'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Keeps a small copy of the site's traffic for the pre-flight of plugins. A period's samples ride along with the commit
 * of a later message, so that no commit is made for them; closing saves the rest. A copy that is lost is told and
 * harmless.
 */
export interface Traffic extends AsyncDisposable {
  /** The same ingest, looked at. */
  watch(ingest: Ingest): Ingest;
}

/** Close it after ingest and before the buffer. */
export function openTraffic({ store, clock, log }: TrafficDeps, bounds: TrafficBounds = trafficBounds): Traffic {
  const sampler = trafficSampler(bounds);
  let ready: readonly Write[] | undefined;
  let packing: Promise<void> = Promise.resolve();
  let closed = false;

  const pack = async (samples: readonly Envelope[]): Promise<void> => {
    if (samples.length === 0) return;
    try {
      const packed = await packSamples(samples);
      ready = [
        { statement: 'traffic.save', params: [packed] },
        { statement: 'traffic.prune', params: [] },
      ];
    } catch (error) {
      lost(samples.length);
      log.warn({ err: error }, 'samples of the traffic could not be packed');
    }
  };

  return {
    watch: (ingest) => (envelope, alongside) => {
      const ended = sampler.offer(envelope, clock.monoMs());
      if (ended !== undefined) packing = packing.then(() => pack(ended));
      if (ready === undefined) return ingest(envelope, alongside);
      const writes = ready;
      ready = undefined;
      const outcome = ingest(envelope, [...(alongside ?? []), ...writes]);
      outcome.catch(() => lost(1));
      return outcome;
    },
    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      await packing;
      const waiting = ready ?? [];
      ready = undefined;
      await pack(sampler.take());
      const writes = [...waiting, ...(ready ?? [])];
      if (writes.length === 0) return;
      await store.write(writes).catch((error: unknown) => {
        lost(1);
        log.warn({ err: error }, 'samples of the traffic could not be saved');
      });
    },
  };
}

function lost(count: number): void {
  tell('dropped', { stage: 'preflight', reason: 'traffic-sample', count });
}
