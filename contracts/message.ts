import { z } from 'zod';
import { alarmOps, alarmStates, severities } from './alarm-words.ts';

/** What a message is about. A consumer never infers availability: it is a message of its own. */
export const kinds = ['telemetry', 'state', 'event', 'availability', 'registration', 'health', 'alarm'] as const;
export type Kind = (typeof kinds)[number];

/** What the gateway says of itself and no plugin may: a change in the registry, the result of a command. */
export const ownKinds = ['change', 'result'] as const;

/** Why a metric carries no usable value. */
export const qualities = ['stale', 'sentinel', 'out_of_range', 'unparsed'] as const;
export type Quality = (typeof qualities)[number];

/** How a counter behaves (Home Assistant `state_class`); `measurement` is the default and is left out. */
export const counterKinds = ['total', 'total_increasing'] as const;
export type CounterKind = (typeof counterKinds)[number];

const scalar = z.union([z.number(), z.boolean(), z.string(), z.null()]);
export type Scalar = z.infer<typeof scalar>;

/**
 * One value of one device, in the shape of a SenML record (RFC 8428): name, unit, and exactly one of
 * number (`v`), boolean (`vb`) or string (`vs`), or none of them together with a quality `q`.
 * `raw` and `ru` keep the source's value and unit, only where it was converted or has no value.
 * `st` is the start of a counter's series in milliseconds; it changes when the counter was reset.
 */
export const metricSchema = z
  .strictObject({
    n: z.string().min(1).max(256),
    v: z.number().optional(),
    vb: z.boolean().optional(),
    vs: z.string().optional(),
    u: z.string().max(32).optional(),
    q: z.enum(qualities).optional(),
    raw: scalar.optional(),
    ru: z.string().max(32).optional(),
    c: z.enum(counterKinds).optional(),
    st: z.int().optional(),
    ep: z.string().max(64).optional(),
  })
  .refine((m) => [m.v, m.vb, m.vs, m.q].filter((x) => x !== undefined).length === 1, {
    message: 'exactly one of v, vb, vs or q',
  });
export type Metric = z.infer<typeof metricSchema>;

/** Names, from the outside in; what is not known is left out. */
const placeSchema = z.strictObject({
  site: z.string().optional(),
  building: z.string().optional(),
  floor: z.string().optional(),
  area: z.string().optional(),
  room: z.string().optional(),
});
export type Place = z.infer<typeof placeSchema>;

/**
 * A change in the registry, in the order of `version` per subject and id. `value` is the state after it, absent when the
 * subject was deleted; a consumer that keeps the last value per subject and id has the registry.
 */
export const changeSchema = z.strictObject({
  subject: z.enum(['place', 'group', 'device', 'twin']),
  id: z.string().min(1).max(256),
  op: z.enum(['created', 'updated', 'deleted']),
  version: z.int().positive(),
  value: z.record(z.string(), z.json()).optional(),
});

/** What became of a command; `acked`, `failed` and `expired` are final, and come once per command. */
export const resultSchema = z.strictObject({
  command: z.string().min(1).max(128),
  name: z.string().min(1).max(64),
  source: z.enum(['api', 'cloud', 'kafka', 'rules', 'flows']),
  /** Who it was within the source: a rule, a flow, a user. */
  origin: z.string().min(1).max(128).optional(),
  state: z.enum(['acked', 'failed', 'expired']),
  /** Why it failed or expired: a code of `docs/errors.md`, and a sentence. */
  code: z.string().max(64).optional(),
  detail: z.string().max(1024).optional(),
});
export type CommandResult = z.infer<typeof resultSchema>;

/** What happened to an alarm of the gateway, and how it is after that; the kind of its message is `alarm`. */
const alarmChangeSchema = z.strictObject({
  id: z.string().min(1).max(64),
  code: z.string().min(1).max(64),
  subject: z.string().min(1).max(256),
  severity: z.enum(severities),
  state: z.enum(alarmStates),
  op: z.enum(alarmOps),
  by: z.string().min(1).max(128),
  /** How often it was raised, and when first, in milliseconds. */
  count: z.int().positive(),
  since: z.int(),
  detail: z.string().max(1024),
  note: z.string().max(1024).optional(),
  shelvedUntil: z.int().optional(),
});

/**
 * The version 1 envelope that leaves the gateway (Tuya is a projection of it, Kafka carries it whole).
 *
 * `id` is a UUIDv7 without dashes, given at commit: the idempotency key from buffer to sink.
 * `gw`, `boot`, `seq` let a consumer see gaps, as Sparkplug does. `ts` is source time, `rts` receive time,
 * both in milliseconds; `clk` says which clock `ts` comes from. `hist` marks a record sent from the backlog.
 */
export const messageSchema = z.strictObject({
  v: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{32}$/),
  gw: z.string(),
  boot: z.int().nonnegative(),
  seq: z.int().nonnegative(),
  kind: z.enum([...kinds, ...ownKinds]),
  dev: z.strictObject({ id: z.string().min(1).max(256), cloud: z.string().optional(), ep: z.string().optional() }),
  ts: z.int(),
  rts: z.int(),
  clk: z.enum(['source', 'gateway', 'suspect']),
  src: z.strictObject({ proto: z.string(), topic: z.string() }),
  hist: z.boolean(),
  m: z.array(metricSchema),
  meta: z.record(z.string(), scalar).optional(),
  place: placeSchema.optional(),
  /** Only with the kind of the same name. */
  change: changeSchema.optional(),
  result: resultSchema.optional(),
  alarm: alarmChangeSchema.optional(),
});
export type Message = z.infer<typeof messageSchema>;

/** How the buffer treats a record when space is short: alarms are never evicted, state keeps the latest per key. */
export const recordClasses = ['alarm', 'event', 'state', 'telemetry'] as const;
export type RecordClass = (typeof recordClasses)[number];

/** A message before commit: enriched and storable, still without identity. */
export type Measurement = Omit<Message, 'v' | 'id' | 'gw' | 'boot' | 'seq' | 'hist'> & { cls: RecordClass };
