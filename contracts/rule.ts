import { z } from 'zod';
import { severities } from './alarm-words.ts';
import { conditionSchema, duration, flagName, whereSchema } from './rule-condition.ts';

/** The id of a rule: also the name of its file. */
export const ruleId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be made of lower-case letters, digits and dashes, 63 at most');

const text = z.string().trim().min(1).max(512);
const code = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'must be made of letters, digits and _ . -, 64 at most');
const scalar = z.union([z.boolean(), z.number(), z.string().max(256)]);

/** What an action does, by the key that names it, and the keys that go with it. */
const actionKinds = {
  command: ['args', 'to', 'deadline', 'priority'],
  raise: ['severity', 'text', 'latched'],
  clear: [],
  notify: ['severity'],
  flag: ['set'],
} as const;
export type ActionKind = keyof typeof actionKinds;

/**
 * One thing to do. `command` goes to every device of the scope that `to` chooses. `raise` is cleared by itself when the case
 * that raised it ends. `notify` is an alarm that is over at once. In `text` and `notify` `{device}`, `{place}` and `{value}` stand for
 * what fired.
 */
const actionSchema = z
  .strictObject({
    command: z.string().min(1).max(64).optional(),
    args: z.record(z.string().max(64), scalar).optional(),
    to: whereSchema.optional(),
    /** How long the command may wait for its device. */
    deadline: duration.optional(),
    priority: z.int().min(0).max(9).optional(),
    raise: code.optional(),
    severity: z.enum(severities).optional(),
    text: text.optional(),
    latched: z.boolean().optional(),
    clear: code.optional(),
    notify: text.optional(),
    flag: flagName.optional(),
    set: z.boolean().optional(),
  })
  .superRefine((action, context) => {
    const named = (Object.keys(actionKinds) as ActionKind[]).filter((key) => action[key] !== undefined);
    const [kind] = named;
    if (kind === undefined || named.length > 1) {
      context.addIssue(`an action has exactly one of ${Object.keys(actionKinds).join(', ')}`);
      return;
    }
    const allowed: ReadonlySet<string> = new Set([kind, ...actionKinds[kind]]);
    for (const [key, value] of Object.entries(action)) {
      if (value !== undefined && !allowed.has(key)) {
        context.addIssue({ code: 'custom', path: [key], message: `does not go with ${kind}` });
      }
    }
    if (kind === 'flag' && action.set === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['set'],
        message: 'says whether the flag goes on (true) or off (false)',
      });
    }
  });
export type RuleAction = z.infer<typeof actionSchema>;

const actions = z.array(actionSchema).max(16);

/** Without `when` it is chosen where no case before it is. */
const caseSchema = z.strictObject({
  name: z.string().min(1).max(64).optional(),
  when: conditionSchema.optional(),
  for: duration.optional(),
  do: actions.default([]),
});
export type RuleCase = z.infer<typeof caseSchema>;

/** What a rule is looked at for: each device, each room …, or once for the whole house. */
export const scopes = ['house', 'building', 'floor', 'area', 'room', 'device'] as const;
export type Scope = (typeof scopes)[number];

/**
 * A rule as it stands in its file and in the API. Either `when` (true for as long as `for` says: `do`; over: `otherwise`) or
 * `choose`: the first case that holds is the one; changing to another does that one's `do`.
 */
export const ruleSchema = z
  .strictObject({
    id: ruleId,
    name: z.string().trim().min(1).max(128),
    description: z.string().max(1024).optional(),
    enabled: z.boolean().default(true),
    per: z.enum(scopes).default('house'),
    when: conditionSchema.optional(),
    for: duration.optional(),
    do: actions.optional(),
    choose: z.array(caseSchema).min(1).max(8).optional(),
    otherwise: actions.optional(),
    /** The shortest time between two firings of one scope; the later one waits. */
    cooldown: duration.optional(),
    /** More firings than this of one scope suspend it there. */
    most: z.strictObject({ times: z.int().min(1).max(60), per: duration }).optional(),
    /** It may stand in a circle of rules; the bounds of a run still hold. */
    mayLoop: z.boolean().optional(),
  })
  .superRefine((rule, context) => {
    const wrong = (key: string, message: string): void => context.addIssue({ code: 'custom', path: [key], message });
    if ((rule.when === undefined) === (rule.choose === undefined)) wrong('when', 'either when or choose must be there');
    if (rule.choose === undefined) return;
    for (const key of ['for', 'do'] as const) if (rule[key] !== undefined) wrong(key, 'stands in each case of choose');
    rule.choose.slice(0, -1).forEach((one, index) => {
      if (one.when === undefined) {
        context.addIssue({
          code: 'custom',
          path: ['choose', index, 'when'],
          message: 'only the last case may do without',
        });
      }
    });
  });
/** A rule as it is written down. */
export type RuleDocument = z.input<typeof ruleSchema>;
export type Rule = z.infer<typeof ruleSchema>;
