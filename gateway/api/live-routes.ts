import { z } from 'zod';
import { messageSchema, recordClasses } from '../../contracts/message.ts';
import type { LiveFeed } from './live-feed.ts';
import { route, type Route } from './route.ts';

/** Live data, as it was stored. */
export function liveRoutes(feed: LiveFeed): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/live',
      summary:
        'What is stored from now on, as server-sent events: `measurement`, or `gap` where some are missing. With Last-Event-ID it goes on after that one, as far as it is remembered.',
      needs: 'device.read',
      target: 'some',
      produces: 'text/event-stream',
      input: z.object({
        device: z.string().max(256).optional(),
        /** Name of the room. */
        room: z.string().max(128).optional(),
        /** Such as `temperature`. */
        metric: z.string().max(256).optional(),
        class: z.enum(recordClasses).optional(),
        /** The header of this name, for clients that cannot set it. */
        lastEventId: z.string().max(64).optional(),
      }),
      result: messageSchema.pick({ kind: true, dev: true, ts: true, rts: true, m: true }).loose(),
      handle: async ({ device, room, metric, class: cls, lastEventId }, { may, mayStill, header, caller }) => {
        header('cache-control', 'no-store');
        header('x-accel-buffering', 'no');
        const sent = caller.asking.headers['last-event-id'];
        return feed.look({
          wants: (record) =>
            (device === undefined || record.dev.id === device) &&
            (room === undefined || record.place?.room === room) &&
            (cls === undefined || record.cls === cls) &&
            (metric === undefined || record.m.some(({ n }) => n === metric)) &&
            may('device.read', { device: record.dev.id }),
          mayStill,
          after: typeof sent === 'string' ? sent : lastEventId,
        });
      },
    }),
  ];
}
