import { z } from 'zod';
import { knownDevice } from '../../contracts/registry.ts';
import { shownTwinSchema, twinChangeSchema, twinEditSchema, twinMetric, twinValue } from '../../contracts/twin.ts';
import type { Origin, ShownTwin, TwinChange, TwinEdit } from '../../contracts/twin.ts';
import type { TwinValue } from '../../contracts/twin-words.ts';
import { route, type Route } from './route.ts';

/** What the API asks of the twins. */
export interface TwinModel {
  show(device: string): ShownTwin;
  /** What the devices reported last, in no order. */
  reports(): Iterable<{
    readonly device: string;
    readonly state: readonly (readonly [metric: string, { readonly value: TwinValue; readonly at: number }])[];
  }>;
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
    reportsRoute(model),
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

const reported = z.object({
  device: z.string(),
  /** When it last said anything that a twin holds, in milliseconds. */
  at: z.number(),
  state: z.record(twinMetric, z.object({ value: twinValue, at: z.number() })),
});

function reportsRoute(model: TwinModel): Route {
  return route({
    method: 'GET',
    path: '/api/v1/twins',
    summary: 'What the devices reported last, ordered by id, page by page; with ?metrics= only these words of it.',
    needs: 'device.read',
    target: 'some',
    input: z.strictObject({
      /** Words with commas between, such as `availability,battery`. */
      metrics: z.string().max(512).optional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
      cursor: z.string().max(256).optional(),
    }),
    result: z.object({ twins: z.array(reported), next: z.string().nullable() }),
    handle: async ({ metrics, limit, cursor = '' }, { may }) => {
      const words = metrics === undefined ? undefined : new Set(metrics.split(','));
      const rest = [...model.reports()]
        .filter(({ device, state }) => device > cursor && state.length > 0 && may('device.read', { device }))
        .sort((one, other) => (one.device < other.device ? -1 : 1));
      const twins = rest.slice(0, limit).map(({ device, state }) => ({
        device,
        at: Math.max(...state.map(([, { at }]) => at)),
        state: Object.fromEntries(
          state.filter(([metric]) => words?.has(metric.split('@')[0] ?? metric) ?? true).map(plain),
        ),
      }));
      return { twins, next: rest.length > limit ? (twins.at(-1)?.device ?? null) : null };
    },
  });
}

const plain = ([metric, { value, at }]: readonly [string, { value: TwinValue; at: number }]) =>
  [metric, { value, at }] as const;
