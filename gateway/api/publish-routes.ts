import { z } from 'zod';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Ingest } from '../../contracts/pipeline.ts';
import type { TableStore } from '../../contracts/table-set.ts';
import { route, type Route } from './route.ts';

export interface PublishParts {
  readonly ingest: Ingest;
  readonly store: TableStore;
  readonly wallMs: () => number;
}

/** Ids of messages that are remembered; the oldest go first. */
const maxIds = 10_000;
const trimEvery = 100;

const topic = z
  .string()
  .min(1)
  .max(1_024)
  .regex(/^[^#+$\p{C}][^#+\p{C}]*$/u, 'is no topic to publish to: no wildcards, no control characters, no $ in front');

/** Messages of programs on the same machine. */
export function publishRoutes({ ingest, store, wallMs }: PublishParts): Route[] {
  const running = new Set<string>();
  let published = 0;

  const publishOnce = async (actor: string, id: string, take: (write: Parameters<Ingest>[1]) => Promise<unknown>) => {
    const key = JSON.stringify([actor, id]);
    if (running.has(key)) throw new PortcullisError('CONFLICT', 'A message with this id is under way.');
    running.add(key);
    try {
      if ((await store.read('api.published', [key])).length > 0) return;
      const trim = ++published % trimEvery === 0 ? [{ statement: 'api.trimIds', params: [maxIds] }] : [];
      await take([{ statement: 'api.addId', params: [key] }, ...trim]);
    } finally {
      running.delete(key);
    }
  };

  return [
    route({
      method: 'POST',
      path: '/api/v1/publish',
      summary:
        'Takes a message as a device would send it; answered when its outcome is on disk. With an id (or the header Idempotency-Key) it is taken once.',
      needs: 'message.publish',
      audit: 'denials',
      input: z.strictObject({
        topic,
        /** A text as it is, anything else as JSON. */
        payload: z.json(),
        id: z.string().min(1).max(128).optional(),
        /** The header of this name. */
        idempotencyKey: z.string().min(1).max(128).optional(),
      }),
      result: z.object({ durable: z.literal(true) }),
      handle: async ({ topic, payload, id, idempotencyKey }, { actor }) => {
        const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
        const envelope = {
          transport: 'api',
          client: actor.name,
          topic,
          payload: Buffer.from(text),
          retain: false,
        } as const;
        const take = (alongside?: Parameters<Ingest>[1]): Promise<unknown> =>
          ingest({ ...envelope, receivedAt: wallMs() }, alongside);
        const once = id ?? idempotencyKey;
        await (once === undefined ? take() : publishOnce(actor.id, once, take));
        return { durable: true };
      },
    }),
  ];
}
