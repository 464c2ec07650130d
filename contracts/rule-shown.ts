import { z } from 'zod';
import { ruleSchema } from './rule.ts';

const value = z.union([z.boolean(), z.number(), z.string()]);

/** What one condition said when a rule fired; `holds` is null for one of which nothing was known. */
export const firingReasonSchema = z.object({
  condition: z.string(),
  holds: z.boolean().nullable(),
  values: z.array(z.object({ device: z.string(), value })),
});
export type FiringReason = z.infer<typeof firingReasonSchema>;

/** One thing that a firing did, and what came of the attempt; what a command came to is told under its id. */
export const firingDeedSchema = z.object({
  does: z.string(),
  to: z.string().optional(),
  command: z.string().optional(),
  outcome: z.enum(['done', 'taken', 'refused', 'not-tried']),
  detail: z.string().optional(),
});
export type FiringDeed = z.infer<typeof firingDeedSchema>;

/** A rule went from one case to another in one scope. Times are wall time in milliseconds. */
export const firingSchema = z.object({
  rule: z.string(),
  /** A device, the id of a place, or `house`. */
  scope: z.string(),
  /** Counts up per rule and scope. */
  n: z.int(),
  at: z.number(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  why: z.array(firingReasonSchema),
  /** How many firings of rules stand behind it. */
  depth: z.int(),
  did: z.array(firingDeedSchema),
});
export type Firing = z.infer<typeof firingSchema>;

/** Why a rule does not act. */
export const ruleStates = ['off', 'invalid', 'waiting', 'ready', 'held', 'suspended'] as const;

/** A rule with how it is. */
export const shownRuleSchema = z.object({
  id: z.string(),
  /** Comes with the product, or is the site's own. */
  from: z.enum(['shipped', 'own']),
  enabled: z.boolean(),
  /** `waiting`: no device that it asks for was heard. `held`: it asks for the time, and nobody knows it. */
  state: z.enum(ruleStates),
  because: z.string().optional(),
  /** Scopes in which something was heard, and those in which a case is chosen. */
  scopes: z.int(),
  active: z.array(z.object({ scope: z.string(), case: z.string() })),
  /** Circles that it makes with others. */
  loops: z.array(z.array(z.string())),
  rule: ruleSchema.optional(),
});
export type ShownRule = z.infer<typeof shownRuleSchema>;

/** When a rule would have fired, had it been on. */
export const trialReportSchema = z.object({
  rule: z.string(),
  from: z.number(),
  to: z.number(),
  devices: z.int(),
  samples: z.int(),
  /** 0: on every sample. Else what was asked for is kept in slots of this length at most, and a mean stands for each. */
  resolutionMs: z.number(),
  firings: z.array(firingSchema),
  /** Why it would have been suspended, and where. */
  suspended: z.array(z.object({ scope: z.string(), at: z.number(), why: z.string() })),
  /** A bound was reached; what came later was not looked at. */
  cutShort: z.string().optional(),
});
export type TrialReport = z.infer<typeof trialReportSchema>;
