import { z } from 'zod';
import { counterKinds, kinds, qualities } from '../../contracts/message.ts';
import { handleAsk } from './handles/ask.ts';
import type { FromCell } from './wire.ts';

/**
 * The border: everything that a cell says is hostile until it has passed here. Sizes first (the line is bounded before
 * it is parsed), then shape; unknown keys are an error, and what comes out are fresh objects, so that a `__proto__` of
 * the cell's making reaches nobody.
 */
const short = z.string().max(256);
const word = z.string().min(1).max(256);
const text = z.string().max(16_384);
const scalar = z.union([z.number(), z.boolean(), text, z.null()]);
const list = <Item extends z.ZodType>(item: Item, max: number) => z.array(item).max(max);

const readingMetric = z.strictObject({
  n: word,
  key: z.string().max(1_024),
  value: z.union([z.number(), z.boolean(), text]).optional(),
  q: z.enum(qualities).optional(),
  raw: scalar.optional(),
  unit: z.string().max(64).optional(),
  counter: z.enum(counterKinds).optional(),
  seriesStart: z.number().optional(),
  ep: z.string().max(64).optional(),
});
const sourceTime = z.union([z.strictObject({ utcMs: z.number() }), z.strictObject({ localMs: z.number() })]);
const reading = z.strictObject({
  device: word,
  kind: z.enum(kinds),
  ep: z.string().min(1).max(64).optional(),
  at: sourceTime.optional(),
  metrics: list(readingMetric, 1_024),
  meta: z.record(short, scalar).optional(),
});
const lesson = z.strictObject({ key: z.string().max(1_024), json: z.string().optional() });
const outbound = z.strictObject({
  topic: z.string().min(1).max(1_024),
  payload: z.string().max(65_536),
  qos: z.union([z.literal(0), z.literal(1)]),
  learnt: z.string().max(1_024).optional(),
});
const proof = z.strictObject({
  state: list(
    z.strictObject({
      n: word.optional(),
      ep: z.string().max(64).optional(),
      value: z.union([z.number(), z.boolean(), text]).optional(),
      within: z.number().nonnegative().optional(),
    }),
    64,
  ).optional(),
  answer: z
    .strictObject({ topic: z.string().max(1_024).optional(), meta: z.tuple([short, scalar]).optional() })
    .optional(),
  refusal: word.optional(),
});
const answer = z.discriminatedUnion('is', [
  z.strictObject({ is: z.literal('known') }),
  z.strictObject({ is: z.literal('claims'), topics: list(z.string().min(1).max(1_024), 4_096) }),
  z.strictObject({
    is: z.literal('decoded'),
    readings: list(reading, 1_024),
    lessons: list(lesson, 1_024),
    failed: short.optional(),
  }),
  z.strictObject({ is: z.literal('encoded'), outbound: list(outbound, 64), proof: proof.optional() }),
  z.strictObject({
    is: z.literal('refused'),
    code: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
    detail: short,
    error: z
      .string()
      .regex(/^[\w$.-]{1,64}$/)
      .optional(),
  }),
]);

const names = list(z.string().max(1_024), 1_024);
const liveField = z.strictObject({
  name: z.string().max(1_024),
  kind: z.enum(['function', 'class', 'value', 'accessor']),
  async: z.boolean().optional(),
  generator: z.boolean().optional(),
  length: z.number().optional(),
  members: names.optional(),
  statics: names.optional(),
  json: z.string().max(4_096).optional(),
});
const liveExport = liveField.extend({ fields: list(liveField, 1_024).optional() });
const command = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_.:-]{1,64}$/),
  idempotent: z.boolean(),
  args: z.unknown(),
});
const topicFilter = z.string().min(1).max(1_024);
const described = z.strictObject({
  proto: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,31}$/),
  topics: list(topicFilter, 256),
  teaches: list(topicFilter, 256),
  commands: list(command, 256),
});
const message = z.discriminatedUnion('is', [
  z.strictObject({
    is: z.literal('loaded'),
    shape: z.strictObject({ exports: list(liveExport, 1_024), changedGlobals: list(z.string().max(256), 64) }),
  }),
  z.strictObject({ is: z.literal('ready'), described }),
  z.strictObject({
    is: z.literal('unusable'),
    code: z.enum(['PC-R201', 'PC-S105', 'CONFIG_INVALID']),
    detail: z.string().max(1_024),
  }),
  z.strictObject({ is: z.literal('answer'), id: z.int().nonnegative(), answer }),
  z.strictObject({ is: z.literal('ask'), id: z.int().nonnegative(), ask: handleAsk }),
  z.strictObject({ is: z.literal('start-failed') }),
]);

/** The message of a line, or what is wrong with it in a few words that hold nothing of the cell's own text. */
export function readFromCell(line: string): { readonly message: FromCell } | { readonly wrong: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return { wrong: 'no JSON' };
  }
  const checked = message.safeParse(parsed);
  // JSON has no undefined: what is optional is absent or a value.
  if (checked.success) return { message: checked.data as FromCell };
  const [issue] = checked.error.issues;
  return { wrong: `${issue?.code ?? 'wrong'} at ${placeOf(issue?.path ?? [])}` };
}

function placeOf(path: readonly PropertyKey[]): string {
  return path.map((key) => (typeof key === 'number' ? '[]' : String(key).slice(0, 32))).join('.') || 'the top';
}
