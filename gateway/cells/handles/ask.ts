import { z } from 'zod';

/**
 * What a plugin may ask its handles for, as it crosses the border: sizes and shapes only. Whether it is granted, the
 * broker decides. Bytes are base64.
 */
const maxTopicLevels = 32;
const topic = z
  .string()
  .min(1)
  .max(1_024)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u)
  .refine((text) => text.split('/').length <= maxTopicLevels);
const topicName = topic.regex(/^[^+#]*$/);
const topicFilter = topic.refine((filter) =>
  filter
    .split('/')
    .every((level, at, all) => !/[#+]/.test(level) || level === '+' || (level === '#' && at === all.length - 1)),
);
const bytes = z.base64().transform((text) => Buffer.from(text, 'base64'));
const short = z.string().min(1).max(256);
const stream = z.int().positive();
/** RFC 9110, section 5.1 and 5.5; obs-text is left out. */
const headers = z
  .array(z.tuple([z.string().regex(/^[!#$%&'*+.^_`|~\w-]{1,128}$/), z.string().regex(/^[\t\x20-\x7e]{0,4096}$/)]))
  .max(64);

export const handleAsk = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('ingest'), topic: topicName, payload: bytes }),
  z.strictObject({
    do: z.literal('publish'),
    topic: topicName,
    payload: bytes,
    qos: z.union([z.literal(0), z.literal(1)]),
  }),
  z.strictObject({ do: z.literal('subscribe'), filter: topicFilter }),
  z.strictObject({
    do: z.literal('request'),
    url: z.string().max(8_192),
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']),
    headers,
    body: bytes.optional(),
    timeoutMs: z.int().positive().optional(),
  }),
  z.strictObject({ do: z.literal('secret'), name: short }),
  z.strictObject({ do: z.literal('serial-ports') }),
  z.strictObject({
    do: z.literal('serial-open'),
    identity: short,
    settings: z.strictObject({
      baudRate: z.int().positive().max(4_000_000),
      dataBits: z.union([z.literal(7), z.literal(8)]).optional(),
      stopBits: z.union([z.literal(1), z.literal(2)]).optional(),
      parity: z.enum(['none', 'even', 'odd']).optional(),
    }),
  }),
  z.strictObject({
    do: z.literal('gpio-open'),
    chip: short,
    line: z.int().nonnegative().max(1_023),
    direction: z.enum(['in', 'out']),
  }),
  z.strictObject({ do: z.literal('serial-write'), stream, payload: bytes }),
  z.strictObject({ do: z.literal('gpio-read'), stream }),
  z.strictObject({ do: z.literal('gpio-write'), stream, level: z.union([z.literal(0), z.literal(1)]) }),
  z.strictObject({ do: z.literal('release'), stream }),
]);

export type HandleAsk = z.output<typeof handleAsk>;
/** One kind of ask. */
export type Ask<Kind extends HandleAsk['do']> = Extract<HandleAsk, { readonly do: Kind }>;
/** As the plugin's process writes it. */
export type WireAsk = z.input<typeof handleAsk>;
