import { z } from 'zod';
import { permissions, roles } from '../../contracts/actor.ts';

const name = z.string().min(1).max(64);
const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);
const safeUrl = z.url({ protocol: /^https?$/ }).refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' || loopback.has(url?.hostname ?? '');
}, 'must be https://, or http:// on this machine');
const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'must be a time like 07:30');
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** An OpenID Connect provider that people and programs of the site log in at. */
const provider = z.strictObject({
  issuer: safeUrl,
  clientId: z.string().min(1).max(256),
  clientSecretFile: z.string().min(1).max(4_096).optional(),
  /** Whom the tokens of programs are for. */
  audience: z.string().min(1).max(256).optional(),
  /** Ends in `/api/v1/login/provider/callback`. */
  redirectUri: safeUrl,
  scope: z.string().max(256).default('openid profile'),
  nameClaim: z.string().min(1).max(128).default('preferred_username'),
  roleClaim: z.string().min(1).max(128).default('groups'),
  /** Value of that claim to role. */
  roles: z.record(z.string().min(1).max(256), z.enum(roles)),
});

const policy = z.strictObject({
  name,
  effect: z.enum(['allow', 'deny']),
  roles: z.array(z.enum(roles)).optional(),
  who: z.array(name).optional(),
  permissions: z.array(z.enum(permissions)).min(1),
  /** `anywhere`, `own`, or places by id or path. */
  where: z.union([z.enum(['anywhere', 'own']), z.array(z.string().min(1).max(272)).min(1)]).default('anywhere'),
  hours: z.strictObject({ from: time, to: time, days: z.array(z.enum(days)).min(1).optional() }).optional(),
});

export const access = z.strictObject({
  provider: provider.optional(),
  /** Beside those of the roles. */
  policies: z.array(policy).max(100).default([]),
});
type PolicyConfig = z.infer<typeof policy>;

const minutes = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

/** A policy as the stage takes it: minutes of the day, and 0 for Sunday. */
export function policyOf({ hours, ...rest }: PolicyConfig) {
  if (hours === undefined) return rest;
  const on = hours.days?.map((day) => days.indexOf(day));
  return { ...rest, hours: { from: minutes(hours.from), to: minutes(hours.to), days: on } };
}
