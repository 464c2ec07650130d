import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { UpdateState } from '../../contracts/update-state.ts';
import { maxPartBytes } from '../lib/append-part.ts';
import { route, type Route } from './route.ts';

const state = z.object({
  /** False: this machine does not keep releases beside each other. */
  hasSlots: z.boolean(),
  current: z.string().optional(),
  kept: z.array(z.string()).readonly(),
  trial: z.object({ from: z.string(), to: z.string() }).optional(),
  isWanted: z.boolean(),
  last: z.object({ at: z.number(), said: z.string() }).optional(),
});
const path = '/api/v1/system/update';

/** What the API asks of those who lay down what root shall do. */
export interface UpdateModel {
  state(): Promise<UpdateState>;
  receive(
    part: { readonly name: string; readonly offset: number },
    body: Readable,
  ): Promise<{ readonly bytes: number }>;
  want(wish: 'apply' | 'back'): Promise<void>;
}

/** Another release, and the way back. The release is verified by root, against keys that only root can change. */
export function updateRoutes(model: UpdateModel): Route[] {
  return [
    route({
      method: 'GET',
      path,
      summary: 'The releases of this machine, what is on trial, and how the last change ended.',
      needs: 'gateway.read',
      input: z.object({}),
      result: state,
      handle: () => model.state(),
    }),
    route({
      method: 'POST',
      path: `${path}/files`,
      summary: 'Takes a part of a file of a release: SHA256SUMS, SHA256SUMS.sig, the tarball; at most 1 MiB, in order.',
      needs: 'gateway.operate',
      upload: { contentType: 'application/octet-stream', maxBytes: maxPartBytes },
      input: z.strictObject({ name: z.string().max(128), offset: z.coerce.number().int().nonnegative() }),
      result: z.object({ bytes: z.number() }),
      handle: (part, { body }) => model.receive(part, body),
    }),
    route({
      method: 'POST',
      path,
      summary:
        'Asks for the release that was uploaded, or for the one before. It is tried, and taken back when it is not well.',
      needs: 'gateway.operate',
      status: 202,
      input: z.strictObject({ do: z.enum(['apply', 'back']) }),
      result: state,
      handle: async ({ do: wish }) => {
        await model.want(wish);
        return model.state();
      },
    }),
  ];
}
