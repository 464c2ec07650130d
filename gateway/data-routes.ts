import type { DeadLetterGroup } from '../contracts/dead-letters.ts';
import type { LiveView } from '../contracts/live.ts';
import type { Ingest } from '../contracts/pipeline.ts';
import { deadLetterRoutes, type LetterModel } from './api/dead-letter-routes.ts';
import { openLetterReplay } from './api/letter-replay.ts';
import { openLiveFeed } from './api/live-feed.ts';
import { liveRoutes } from './api/live-routes.ts';
import { publishRoutes, type PublishParts } from './api/publish-routes.ts';
import type { Route } from './api/route.ts';
import type { Buffer } from './buffer/buffer.ts';
import type { Clock } from './lib/clock.ts';
import type { MqttTransport } from './transports/mqtt/listen-mqtt.ts';

interface DataParts extends Omit<PublishParts, 'wallMs' | 'store'> {
  readonly live: LiveView;
  /** For messages that were seen before: they are no traffic of today. */
  readonly again: Ingest;
  readonly mqtt: Pick<MqttTransport, 'logins'>;
  readonly store: Pick<Buffer, 'read' | 'write' | 'deadLetters'>;
  readonly clock: Clock;
}

/** Messages as programs put them in and see them come; `stack` ends what looks. */
export function dataRoutes(parts: DataParts, stack: AsyncDisposableStack): Route[] {
  const { live, ingest, store, clock } = parts;
  const feed = stack.use(openLiveFeed(live));
  const wallMs = (): number => clock.wallMs();
  const letters: LetterModel = {
    list: (query) => store.deadLetters(query),
    groups: async () => (await store.read('buffer.groups', [])) as unknown as DeadLetterGroup[],
    ...openLetterReplay({ ingest: withRights(parts), store, wallMs }),
  };
  return [...liveRoutes(feed), ...publishRoutes({ ingest, store, wallMs }), ...deadLetterRoutes(letters)];
}

/** A message that is taken again teaches what its login may teach by now. */
function withRights({ again, mqtt }: DataParts): Ingest {
  return (envelope, alongside) => {
    const { user, client } = envelope;
    return again(
      user === undefined ? envelope : { ...envelope, publishes: mqtt.logins.publishesOf(user, client) },
      alongside,
    );
  };
}
