import { z } from 'zod';
import { isTopicFilter } from '../lib/topic-filter.ts';
import { openProfile, shippedProfiles } from '../transports/mqtt/profiles.ts';

const shipped: ReadonlySet<string> = new Set([openProfile, ...shippedProfiles].map(({ name }) => name));

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be a name of lower-case letters, digits and dashes')
  .refine((text) => !shipped.has(text), 'is the name of a shipped profile; choose another one');

const filter = z
  .string()
  .refine((text) => isTopicFilter(text), 'must be an MQTT topic filter, such as acme/%c/#')
  .refine((text) => !text.startsWith('$'), "must not begin with $: what is below it is the broker's own");

const profile = z.strictObject({
  /** Decodes what these devices say, whatever the topic. */
  plugin: z.string().min(1).max(128).optional(),
  publish: z.array(filter).max(64).default([]),
  subscribe: z.array(filter).max(64).default([]),
  retain: z.boolean().default(true),
});

/** What kinds of devices may do, beside the shipped profiles; `%c` in a filter is the client id. */
export const profilesSchema = z.record(name, profile).default({});
