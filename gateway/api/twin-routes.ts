import { z } from 'zod';
import { knownDevice } from '../../contracts/registry.ts';
import { shownTwinSchema, twinChangeSchema, twinEditSchema } from '../../contracts/twin.ts';
import type { Origin, ShownTwin, TwinChange, TwinEdit } from '../../contracts/twin.ts';
import { route, type Route } from './route.ts';

/** What the API asks of the twins. */
export interface TwinModel {
  show(device: string): ShownTwin;
  edit(edit: TwinEdit, by: Origin): Promise<ShownTwin>;
  history(query: {
    readonly device: string;
    readonly limit: number;
    readonly before?: number | undefined;
  }): Promise<{ readonly changes: readonly TwinChange[]; readonly next: number | undefined }>;
}

const path = '/api/v1/devices/:id/twin';

/** How devices shall be, how they say that they are, and what changed. */
export function twinRoutes(model: TwinModel): Route[] {
  return [
    route({
      method: 'GET',
      path,
      summary: 'What a device reported, what it shall be, and what is still to be done.',
      needs: 'device.read',
      target: ({ id }) => ({ device: id }),
      input: z.strictObject({ id: knownDevice }),
      result: shownTwinSchema,
      handle: async ({ id }) => model.show(id),
    }),
    route({
      method: 'PATCH',
      path,
      summary:
        'Says what a device shall be, metric by metric; null takes a wish back. It is brought to the device once, when that is there. With If-Match only if the twin still has this version.',
      needs: 'device.control',
      target: ({ id }) => ({ device: id }),
      input: twinEditSchema,
      result: shownTwinSchema,
      handle: (edit) => model.edit(edit, 'api'),
    }),
    route({
      method: 'GET',
      path: `${path}/history`,
      summary: 'The changes of a twin, newest first, page by page.',
      needs: 'device.read',
      target: ({ id }) => ({ device: id }),
      input: z.strictObject({
        id: knownDevice,
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
        cursor: z.coerce.number().int().positive().optional(),
      }),
      result: z.object({ changes: z.array(twinChangeSchema), next: z.number().nullable() }),
      handle: async ({ id, limit, cursor }) => {
        const { changes, next } = await model.history({ device: id, limit, before: cursor });
        return { changes, next: next ?? null };
      },
    }),
  ];
}
