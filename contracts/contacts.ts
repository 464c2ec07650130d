import { z } from 'zod';
import { severities } from './alarm-words.ts';

const name = z.string().trim().min(1).max(64);
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day like 22:00');
const minutes = z.coerce.number().int().min(1).max(1_440);

export const channelName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be a name of lower-case letters, digits, dashes');

/**
 * How a person, or a group as a whole, is told of alarms: data that may change while the gateway runs. A way is a channel
 * of the configuration and what to call there: an address, a topic, or nothing where the channel has one target only.
 */
export const contactSchema = z.strictObject({
  /** A person in a group of the registry, or the group. */
  name,
  ways: z
    .array(z.strictObject({ channel: channelName, to: z.string().trim().max(256).default('') }))
    .min(1)
    .max(8),
  /** Less severe alarms are not told. */
  least: z.enum(severities).default('low'),
  /** By the clock of the site. What comes meanwhile is told at its end, in one message. */
  quiet: z.strictObject({ from: timeOfDay, to: timeOfDay }).optional(),
  /** Gathers what comes within so many minutes into one message. */
  digestMinutes: minutes.optional(),
  /** From this severity on neither quiet hours nor digest hold anything back. */
  through: z.enum(severities).default('critical'),
  /** Who else is told while nobody has acknowledged. */
  escalation: z
    .array(z.strictObject({ afterMinutes: minutes, to: name }))
    .max(8)
    .default([]),
});
export type Contact = Readonly<z.infer<typeof contactSchema>>;

/** What became of telling somebody. `waiting` has a reason when it was tried; the others are final. */
export const noticeStates = ['waiting', 'sent', 'refused', 'expired', 'withdrawn', 'evicted'] as const;
export const shownNoticeSchema = z.object({
  id: z.string(),
  alarm: z.string(),
  who: z.string(),
  channel: z.string(),
  why: z.enum(['raised', 'cleared', 'escalated']),
  state: z.enum(noticeStates),
  /** Wall time in milliseconds at which it was planned. */
  at: z.number(),
  error: z.string().optional(),
});
export type ShownNotice = z.infer<typeof shownNoticeSchema>;
