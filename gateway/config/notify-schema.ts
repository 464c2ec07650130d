import { z } from 'zod';
import { channelName } from '../../contracts/contacts.ts';
import { isLoopback } from './tuya-schema.ts';

const path = z.string().min(1).max(4096);
const http = {
  url: z.url({ protocol: /^https?$/, error: 'must be an https:// address' }).max(2_048),
  /** PEM file of the authority that signed the certificate, where that is not a public one. */
  ca: path.optional(),
  /** The name may point into a private network. */
  allowPrivate: z.boolean().default(false),
};

const email = z
  .strictObject({
    kind: z.literal('email'),
    host: z.string().min(1).max(253),
    port: z.int().min(1).max(65_535).default(587),
    tls: z.enum(['starttls', 'implicit', 'none']).default('starttls'),
    from: z.email().max(254),
    user: z.string().min(1).max(256).optional(),
    passwordFile: path.optional(),
    ca: path.optional(),
  })
  .refine(({ user, passwordFile }) => (user === undefined) === (passwordFile === undefined), {
    message: 'user and passwordFile go together',
  })
  .refine(({ tls, host }) => tls !== 'none' || isLoopback(host), {
    message: 'tls none is for a relay on this machine; write starttls or implicit',
  });

const channel = z.discriminatedUnion('kind', [
  email,
  z.strictObject({ kind: z.literal('webhook'), ...http, secretFile: path }),
  z.strictObject({ kind: z.literal('ntfy'), ...http, tokenFile: path.optional() }),
  z.strictObject({
    kind: z.literal('mqtt'),
    topic: z
      .string()
      .min(1)
      .max(200)
      .regex(/^[^+#$\0][^+#\0]*$/, 'must be a topic without + and #'),
  }),
]);

/** Over which far sides people are told of alarms. Who is told how is data: the contacts. */
export const notifySchema = z.strictObject({
  channels: z
    .record(channelName, channel)
    .refine((all) => Object.keys(all).length > 0, { message: 'names no channel' }),
  /** Groups or people who are told of what nobody is responsible for, the gateway's own conditions among it. */
  fallback: z.array(z.string().trim().min(1).max(64)).max(16).default([]),
});
export type NotifyConfig = z.infer<typeof notifySchema>;
