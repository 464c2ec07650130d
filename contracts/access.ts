import { z } from 'zod';
import { permissions, roles, type Actor } from './actor.ts';

const printable = /^[^\p{C}]+$/u;

/** What people log in with; letters count, not their case. Members of groups are found by it. */
export const accountName = z.string().trim().min(1).max(64).regex(printable, 'no control characters');
export const passwordWish = z.string().min(10, 'a password has at least 10 characters').max(128);
const subjectId = z.string().min(1).max(64);
const areas = z.array(z.string().min(1).max(272)).max(64);
/** A program logs in with a token, not with a password. */
export const personRoles = roles.filter((role) => role !== 'machine');

export const newAccountSchema = z.strictObject({
  name: accountName,
  role: z.enum(personRoles),
  /** Places (ids or paths) that the account is confined to, beside those of its groups; without them a resident has those of the groups only. */
  areas: areas.optional(),
  /** Without one it is made, and told once. */
  password: passwordWish.optional(),
});
export type NewAccount = z.infer<typeof newAccountSchema>;

export const accountEditSchema = z.strictObject({
  id: subjectId,
  role: z.enum(personRoles).optional(),
  /** `null` takes the confinement away. */
  areas: areas.nullable().optional(),
  disabled: z.boolean().optional(),
});
export type AccountEdit = z.infer<typeof accountEditSchema>;

export const accountSchema = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(roles),
  areas: z.array(z.string()).nullable(),
  disabled: z.boolean(),
  /** Milliseconds since 1970. */
  createdAt: z.number(),
});
export type Account = z.infer<typeof accountSchema>;

export const newTokenSchema = z.strictObject({
  name: accountName,
  role: z.enum(roles).default('machine'),
  areas: areas.optional(),
  expiresInDays: z.number().positive().max(3_650).optional(),
});
export type NewToken = z.infer<typeof newTokenSchema>;

export const tokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(roles),
  areas: z.array(z.string()).nullable(),
  createdAt: z.number(),
  expiresAt: z.number().nullable(),
});
export type Token = z.infer<typeof tokenSchema>;

export const auditOutcomes = ['begun', 'done', 'denied', 'failed'] as const;

/** One decision. `begun` is on disk before anything is changed, and stays when the power was cut before its end was known. */
export const auditEntrySchema = z.object({
  n: z.number(),
  at: z.number(),
  kind: z.string(),
  actor: z.string(),
  name: z.string(),
  role: z.string(),
  address: z.string(),
  permission: z.enum([...permissions, 'login', 'nothing']),
  action: z.string(),
  target: z.string(),
  outcome: z.enum(auditOutcomes),
  code: z.string().nullable(),
  /** How often the same was denied within a minute. */
  times: z.number(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

/** A login that went well: the token of the new session, for the cookie, and what a page must send with every change. */
export interface NewSession {
  readonly token: string;
  readonly csrf: string;
  readonly actor: Actor;
}
