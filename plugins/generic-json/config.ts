import { z } from 'zod';
import type { CodecContext } from '../../contracts/index.ts';

const field = z.strictObject({
  /** Canonical word for this field, for example `temperature`. */
  name: z.string().max(64).optional(),
  /** Unit of the field when the payload does not say. */
  unit: z.string().max(32).optional(),
});

export const config = z.strictObject({
  /** What tells devices apart: the MQTT client, or the topic when one client speaks for many devices; see `deviceOf`. */
  identity: z.enum(['client', 'topic']).default('client'),
  /** What is known about a field, by its path (`outdoor.temp`). */
  fields: z.record(z.string().max(200), field).default({}),
  /** Topic for commands; `{device}` stands for the device's name. */
  commandTopic: z.string().max(256).default('devices/{device}/set'),
});

export type Config = z.infer<typeof config>;
export type Context = CodecContext<Config>;
