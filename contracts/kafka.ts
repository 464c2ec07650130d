import { z } from 'zod';
import { newCommandSchema } from './command.ts';
import { qualities } from './message.ts';
import { gatewayEpochSchema } from './passport.ts';

/**
 * What each topic of a gateway carries, under its name in the configuration. Keys are device ids, values JSON in UTF-8.
 * `events` has every record of the gateway's log exactly once per effect; all others are views of it, but for
 * `deadLetters`, which has what never became a record or was refused by a sink, `commands`, which the gateway reads, and
 * `gateways`, in which each gateway claims its name.
 */
export const topicKeys = [
  'events',
  'metrics',
  'changes',
  'alarms',
  'results',
  'deadLetters',
  'commands',
  'gateways',
] as const;
export type TopicKey = (typeof topicKeys)[number];

/**
 * Headers of every record that a gateway writes, as text. `lane` and, in `metrics`, `index` are what a reader needs to
 * collapse duplicates (effective-once.ts): `boot`, `sequence` and `index` only grow for one device, lane and topic.
 * A command carries `gateway`: who it is for. `traceparent` (W3C Trace Context) is there while the gateway traces.
 * `epoch` is that of the gateway that wrote this copy: the higher one of a name is the one that runs.
 */
export const headerNames = [
  'id',
  'gateway',
  'boot',
  'sequence',
  'hist',
  'lane',
  'index',
  'traceparent',
  'epoch',
] as const;
export type HeaderName = (typeof headerNames)[number];

/**
 * One measurement with the semantics of an OpenTelemetry data point. A `gauge` stands for itself. A `sum` is always
 * cumulative since `start` (absent when the device does not tell); it is monotonic unless it may go down, and a new
 * `start` says that it was reset. Without a value there is a `quality` that says why ("no recorded value").
 * Times are milliseconds. `id` is the event's id and the place in its `m`.
 */
export const metricRecordSchema = z.strictObject({
  v: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{32}-\d+$/),
  gw: z.string(),
  boot: z.int().nonnegative(),
  seq: z.int().nonnegative(),
  device: z.string().min(1).max(256),
  name: z.string().min(1).max(256),
  unit: z.string().max(32).optional(),
  type: z.enum(['gauge', 'sum']),
  temporality: z.literal('cumulative').optional(),
  monotonic: z.boolean().optional(),
  start: z.int().optional(),
  time: z.int(),
  received: z.int(),
  clock: z.enum(['source', 'gateway', 'suspect']),
  value: z.union([z.number(), z.boolean(), z.string(), z.null()]),
  quality: z.enum(qualities).optional(),
  hist: z.boolean(),
  attributes: z.record(z.string(), z.string()).optional(),
});
export type MetricRecord = z.infer<typeof metricRecordSchema>;

/**
 * A message that could not be used. `id` counts up per gateway: a missing number is a dead letter that was dropped for
 * space before it left. `sink` is empty for one that was refused before it was stored; `sample` is base64, at most 1 KiB.
 */
export const deadLetterRecordSchema = z.strictObject({
  v: z.literal(1),
  id: z.int().positive(),
  gw: z.string(),
  sink: z.string(),
  device: z.string(),
  plugin: z.string(),
  topic: z.string(),
  code: z.string(),
  detail: z.string(),
  received: z.int(),
  sample: z.base64(),
});
export type DeadLetterRecord = z.infer<typeof deadLetterRecordSchema>;
/**
 * A command as a platform team writes it, with the header `gateway` beside it. `id` makes it happen at most once.
 * `ttlMs` counts from the timestamp of the Kafka record.
 */
export const commandRecordSchema = newCommandSchema.omit({ source: true, ageMs: true });

/** A gateway's claim to its name, under that name as key. Of the claims to one name the highest epoch holds, and of one epoch the first. */
export const gatewayRecordSchema = gatewayEpochSchema.extend({ v: z.literal(1), gw: z.string(), claimed: z.int() });
