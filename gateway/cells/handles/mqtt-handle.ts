import { matchesFilter } from '../../lib/topic-filter.ts';
import type { Clock } from '../../lib/clock.ts';
import { rateMeter } from '../rate-meter.ts';
import type { Ask } from './ask.ts';
import { coversTopic, listeningFilter, type HandleGrants } from './grants.ts';
import { handleLimits as limits } from './handle-limits.ts';
import type { LentDesk } from './lent-desk.ts';
import { done, refused, type Told } from './told.ts';

/** What the broker of the house does for a plugin. */
export interface MqttPort {
  /** To the clients that are connected now, never retained; gives their number. */
  publish(message: { readonly topic: string; readonly payload: Uint8Array; readonly qos: 0 | 1 }): Promise<number>;
  /** Copies of what passes the broker from now on. */
  subscribe(filter: string, listener: (topic: string, payload: Uint8Array) => void): Promise<AsyncDisposable>;
  /** Topics that make something move. */
  readonly actuationFilters: readonly string[];
}

export interface MqttHandle {
  readonly publish: (ask: Ask<'publish'>) => Promise<Told>;
  readonly subscribe: (ask: Ask<'subscribe'>) => Promise<Told>;
}

/** `proto` is the plugin's protocol word: what `${device.id}` of a grant begins with. */
export function mqttHandle(
  grants: Pick<HandleGrants, 'publish' | 'subscribe' | 'maxPayload' | 'trust'>,
  port: MqttPort,
  { clock, proto, desk }: { readonly clock: Clock; readonly proto: string; readonly desk: LentDesk },
): MqttHandle {
  const withinRate = rateMeter(limits.publishesPerSecond, clock);
  const longest = Math.min(limits.payloadBytes, grants.maxPayload ?? Infinity);
  return {
    async publish({ topic, payload, qos }) {
      if (!grants.publish.some((grant) => coversTopic(grant, topic, proto))) {
        return refused('PC-R207', 'the contract does not name this topic');
      }
      const acts = port.actuationFilters.some((filter) => matchesFilter(filter, topic));
      if (grants.trust === 'limited' && acts) return refused('PC-R207', 'its trust is limited to telemetry');
      if (payload.length > longest) return refused('PC-R209', `a message may have ${longest} bytes`);
      if (!withinRate(1)) return refused('PC-R209', 'too many messages per second');
      return done({ subscribers: await port.publish({ topic, payload, qos }) });
    },
    async subscribe({ filter }) {
      if (!grants.subscribe.some((grant) => coversTopic(grant, filter, proto))) {
        return refused('PC-R207', 'the contract does not name this filter');
      }
      return desk.lend('topics', async (say) => {
        const end = await port.subscribe(listeningFilter(filter), (topic, payload) => {
          if (payload.length > limits.payloadBytes || !coversTopic(filter, topic, proto)) return;
          say({ topic, payload: Buffer.from(payload).toString('base64') });
        });
        return { end };
      });
    },
  };
}
