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

interface DataParts extends Omit<PublishParts, 'wallMs' | 'store'> {
  readonly live: LiveView;
  /** For messages that were seen before: they are no traffic of today. */
  readonly again: Ingest;
  readonly store: Pick<Buffer, 'read' | 'write' | 'deadLetters'>;
  readonly clock: Clock;
}

/** Messages as programs put them in and see them come; `stack` ends what looks. */
export function dataRoutes({ live, ingest, again, store, clock }: DataParts, stack: AsyncDisposableStack): Route[] {
  const feed = stack.use(openLiveFeed(live));
  const wallMs = (): number => clock.wallMs();
  const letters: LetterModel = {
    list: (query) => store.deadLetters(query),
    groups: async () => (await store.read('buffer.groups', [])) as unknown as DeadLetterGroup[],
    ...openLetterReplay({ ingest: again, store, wallMs }),
  };
  return [...liveRoutes(feed), ...publishRoutes({ ingest, store, wallMs }), ...deadLetterRoutes(letters)];
}
