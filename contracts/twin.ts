import { z } from 'zod';
import { commandSources } from './command.ts';
import { knownDevice } from './registry.ts';

/** What a twin holds of a metric. */
export const twinValue = z.union([z.boolean(), z.number(), z.string().max(64)]);

/** A metric of a device: its word, and `@` with the endpoint behind it where it has one, as in `switch.state@left`. */
export const twinMetric = z.string().min(1).max(128);

/** Metrics of one twin; further ones are not kept. */
export const mostTwinMetrics = 64;

/** Who changed something: the device itself, or whoever asked for it. */
export const origins = ['device', 'gateway', ...commandSources] as const;
export type Origin = (typeof origins)[number];

/**
 * What became of a wish. `pending` waits for the device or is on its way to it, `reached` was shown by the device or
 * proved by its answer, `failed` was refused, expired, or nothing shows that it was done.
 */
export const wishStates = ['pending', 'reached', 'failed'] as const;

const version = z.int().nonnegative();
export const shownTwinSchema = z.object({
  device: z.string(),
  /** Of the wishes; grows with each change of them. The version that an edit is made for. */
  version,
  desired: z.record(
    twinMetric,
    z.object({
      value: twinValue,
      state: z.enum(wishStates),
      /** The version of the twin at which it last changed. */
      version,
      /** When it was asked for, in milliseconds. */
      at: z.number(),
      by: z.enum(origins),
      /** The command that brings it to the device. */
      command: z.string().optional(),
      code: z.string().optional(),
      detail: z.string().optional(),
    }),
  ),
  reported: z.object({
    /** Grows with each change of a reported value. */
    version,
    state: z.record(twinMetric, z.object({ value: twinValue, version, at: z.number() })),
  }),
  /** What is still to be done: the wishes that are pending. */
  delta: z.record(twinMetric, twinValue),
});
export type ShownTwin = z.infer<typeof shownTwinSchema>;

/** What can happen to a metric of a twin, as the history tells it. */
const twinEvents = [
  'reported',
  'asked',
  'reached',
  'failed',
  'withdrawn',
  'superseded',
  'overruled',
  'refused',
] as const;

/** One change. `n` counts up per device; `version` is that of the side that changed. */
export const twinChangeSchema = z.object({
  n: z.int().positive(),
  at: z.number(),
  event: z.enum(twinEvents),
  metric: twinMetric,
  from: twinValue.optional(),
  to: twinValue.optional(),
  by: z.enum(origins),
  version,
  command: z.string().optional(),
  detail: z.string().optional(),
});
export type TwinChange = z.infer<typeof twinChangeSchema>;
/** What a device shall be; `null` takes a wish back. With `version` only if the twin still has it, else CONFLICT. */
export const twinEditSchema = z.strictObject({
  id: knownDevice,
  desired: z
    .record(twinMetric, twinValue.nullable())
    .refine((all) => Object.keys(all).length > 0 && Object.keys(all).length <= mostTwinMetrics, {
      message: `between 1 and ${mostTwinMetrics} metrics`,
    }),
  version: z.coerce.number().int().nonnegative().optional(),
});
export type TwinEdit = z.infer<typeof twinEditSchema>;
