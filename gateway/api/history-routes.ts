import { z } from 'zod';
import type { HistoryPoint, HistoryReader } from '../../contracts/history.ts';
import { knownDevice } from '../../contracts/registry.ts';
import { isoTimeIn } from '../lib/iso-time.ts';
import { route, type Route } from './route.ts';

/** What the API asks of history. */
export interface HistoryModel extends HistoryReader {
  page(
    want: { device: string; metric: string; from: number; to: number; tier: 0 | 1 | 2 },
    cursor?: z.infer<typeof cursorSchema>,
  ): Promise<{
    readonly unit: string;
    readonly points: readonly HistoryPoint[];
    readonly next: z.infer<typeof cursorSchema> | undefined;
  }>;
}

const whole = z.int().nonnegative();
const tier = z.union([z.literal(0), z.literal(1), z.literal(2)]);
const cursorSchema = z.strictObject({
  series: whole,
  place: z.strictObject({ tier, after: whole, newest: whole, rolledUp: z.tuple([whole, whole]).readonly() }).optional(),
});

/** A cursor as it is given out and taken back: one word. */
const cursorText = z
  .base64url()
  .max(512)
  .transform((text, context) => {
    try {
      return cursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    } catch {
      context.addIssue({ code: 'custom', message: 'is not a cursor of an earlier page' });
      return z.NEVER;
    }
  });

/** Milliseconds since 1970, or a time as in `2026-11-21T10:00:00Z`. */
const moment = z
  .string()
  .max(40)
  .transform((text, context) => {
    const at = /^\d{1,15}$/.test(text) ? Number(text) : isoTimeIn(text);
    if (at !== undefined) return at;
    context.addIssue({ code: 'custom', message: 'is not a time; use milliseconds or 2026-11-21T10:00:00Z' });
    return z.NEVER;
  });

const metric = z.string().min(1).max(330);
const range = { device: knownDevice, metric, from: moment, to: moment.optional() };
const point = z.object({
  at: z.int(),
  count: whole,
  last: z.union([z.number(), z.boolean(), z.string()]),
  min: z.number().optional(),
  max: z.number().optional(),
  mean: z.number().optional(),
  increase: z.number().optional(),
});
const resolutions = { samples: 0, '5m': 1, '1h': 2 } as const;
const path = '/api/v1/history';

/** What was measured. Ranges go from `from` to before `to`, which is now where it is left out. */
export function historyRoutes(history: HistoryModel, now: () => number): Route[] {
  return [
    route({
      method: 'GET',
      path,
      summary:
        'What a device measured: every sample where no more than `points` are in the range, else min, max, mean, last, count and the increase of a counter in slots of one length (`resolutionMs`).',
      needs: 'device.read',
      target: ({ device }) => ({ device }),
      input: z.strictObject({ ...range, points: z.coerce.number().int().min(1).max(10_000).default(500) }),
      result: z.object({
        device: z.string(),
        metric: z.string(),
        unit: z.string().optional(),
        resolutionMs: whole,
        reduction: z.enum(['none', 'slots']),
        points: z.array(point),
      }),
      handle: async ({ points, to = now(), ...want }) => {
        const answer = await history.query({ ...want, to, limit: points });
        return { ...answer, reduction: answer.resolutionMs === 0 ? 'none' : 'slots' };
      },
    }),
    route({
      method: 'GET',
      path: `${path}/metrics`,
      summary: 'The metrics that history has of a device.',
      needs: 'device.read',
      target: ({ device }) => ({ device }),
      input: z.strictObject({ device: knownDevice }),
      result: z.object({
        metrics: z.array(
          z.object({
            metric: z.string(),
            type: z.enum(['number', 'boolean', 'text']),
            unit: z.string().optional(),
            counter: z.boolean(),
          }),
        ),
      }),
      handle: async ({ device }) => ({ metrics: await history.metrics(device) }),
    }),
    route({
      method: 'GET',
      path: `${path}/pages`,
      summary: 'All that is kept of a metric in one resolution, page by page, for whoever takes all of it.',
      needs: 'device.read',
      target: ({ device }) => ({ device }),
      input: z.strictObject({
        ...range,
        resolution: z.enum(['samples', '5m', '1h']).default('samples'),
        cursor: cursorText.optional(),
      }),
      result: z.object({ unit: z.string(), points: z.array(point), next: z.string().nullable() }),
      handle: async ({ resolution, cursor, to = now(), ...want }) => {
        const page = await history.page({ ...want, to, tier: resolutions[resolution] }, cursor);
        const next = page.next && Buffer.from(JSON.stringify(page.next)).toString('base64url');
        return { ...page, next: next ?? null };
      },
    }),
  ];
}
