import type { LiveView } from '../contracts/live.ts';
import { openLiveFeed } from './api/live-feed.ts';
import { liveRoutes } from './api/live-routes.ts';
import { publishRoutes, type PublishParts } from './api/publish-routes.ts';
import type { Route } from './api/route.ts';
import type { Clock } from './lib/clock.ts';

interface DataParts extends Omit<PublishParts, 'wallMs'> {
  readonly live: LiveView;
  readonly clock: Clock;
}

/** Messages as programs put them in and see them come; `stack` ends what looks. */
export function dataRoutes({ live, ingest, store, clock }: DataParts, stack: AsyncDisposableStack): Route[] {
  const feed = stack.use(openLiveFeed(live));
  return [...liveRoutes(feed), ...publishRoutes({ ingest, store, wallMs: () => clock.wallMs() })];
}
