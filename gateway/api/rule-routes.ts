import { z } from 'zod';
import { flagName } from '../../contracts/rule-condition.ts';
import { ruleId, ruleSchema, type Rule } from '../../contracts/rule.ts';
import { firingSchema, shownRuleSchema, trialReportSchema } from '../../contracts/rule-shown.ts';
import type { Firing, ShownRule, TrialReport } from '../../contracts/rule-shown.ts';
import { route, type Route } from './route.ts';

/** What the API asks of the rules. */
export interface RuleModel {
  list(): ShownRule[];
  show(id: string): ShownRule;
  check(document: unknown): Promise<{ readonly rule: Rule; readonly loops: string[][]; readonly warnings: string[] }>;
  put(document: unknown): Promise<ShownRule>;
  remove(id: string): Promise<void>;
  turn(id: string, on: boolean): Promise<ShownRule>;
  firings(query: { readonly rule: string; readonly limit: number; readonly before?: number | undefined }): Promise<{
    readonly firings: readonly Firing[];
    readonly next: number | undefined;
  }>;
  flags(): Readonly<Record<string, boolean>>;
  setFlag(name: string, on: boolean): Promise<void>;
  try(trial: {
    readonly rule: unknown;
    readonly from: number;
    readonly to: number;
    readonly flags?: Readonly<Record<string, boolean>> | undefined;
  }): Promise<TrialReport>;
}

const path = '/api/v1/rules';
const id = ruleId;
/** Checked where rules are read, so that each problem is told with its path; `/schemas/rule.schema.json` has its form. */
const document = z.record(z.string(), z.json());
const flags = z.object({ flags: z.record(z.string(), z.boolean()) });

/** Local decisions: which rules there are, what they did and why, and what they would have done. */
export function ruleRoutes(model: RuleModel): Route[] {
  return [
    route({
      method: 'GET',
      path,
      summary: 'All rules, those that come with the product and those of the site, with how they are.',
      needs: 'rule.read',
      input: z.strictObject({}),
      result: z.object({ rules: z.array(shownRuleSchema) }),
      handle: async () => ({ rules: model.list() }),
    }),
    route({
      method: 'POST',
      path,
      summary:
        'Adds a rule, or replaces the one of the same id. What comes with the product is put aside, and back when the rule is removed.',
      needs: 'rule.edit',
      input: z.strictObject({ rule: document }),
      result: shownRuleSchema,
      handle: ({ rule }) => model.put(rule),
    }),
    ...askingRoutes(model),
    route({
      method: 'GET',
      path: `${path}/:id`,
      summary: 'One rule, with how it is.',
      needs: 'rule.read',
      input: z.strictObject({ id }),
      result: shownRuleSchema,
      handle: async (input) => model.show(input.id),
    }),
    route({
      method: 'PATCH',
      path: `${path}/:id`,
      summary: 'Switches a rule on or off. Switching on ends the rest of one that was suspended.',
      needs: 'rule.edit',
      input: z.strictObject({ id, enabled: z.boolean() }),
      result: shownRuleSchema,
      handle: (input) => model.turn(input.id, input.enabled),
    }),
    route({
      method: 'DELETE',
      path: `${path}/:id`,
      summary: 'Removes a rule of the site; its alarms are over.',
      needs: 'rule.edit',
      input: z.strictObject({ id }),
      result: z.object({ removed: z.string() }),
      handle: async (input) => {
        await model.remove(input.id);
        return { removed: input.id };
      },
    }),
    route({
      method: 'GET',
      path: `${path}/:id/firings`,
      summary: 'When a rule fired, why, and what it did; newest first, page by page.',
      needs: 'rule.read',
      input: z.strictObject({
        id,
        limit: z.coerce.number().int().min(1).max(100).default(20),
        cursor: z.coerce.number().int().positive().optional(),
      }),
      result: z.object({ firings: z.array(firingSchema), next: z.number().nullable() }),
      handle: async ({ id: rule, limit, cursor }) => {
        const { firings, next } = await model.firings({ rule, limit, before: cursor });
        return { firings, next: next ?? null };
      },
    }),
  ];
}

/** What is asked of rules beside their own life. */
function askingRoutes(model: RuleModel): Route[] {
  return [
    route({
      method: 'POST',
      path: `${path}/check`,
      summary:
        'Says what is wrong with a rule, which circles it makes with others, and what it names that is not here. Keeps nothing.',
      needs: 'rule.read',
      input: z.strictObject({ rule: document }),
      result: z.object({ rule: ruleSchema, loops: z.array(z.array(z.string())), warnings: z.array(z.string()) }),
      handle: ({ rule }) => model.check(rule),
    }),
    route({
      method: 'POST',
      path: `${path}/try`,
      summary:
        'Runs a rule, or one by its id, over recorded history, and tells when it would have fired and why. Nothing is done.',
      needs: 'rule.read',
      input: z.strictObject({
        rule: z.union([id, document]),
        from: z.number(),
        to: z.number(),
        flags: z.record(flagName, z.boolean()).optional(),
      }),
      result: trialReportSchema,
      handle: (trial) => model.try(trial),
    }),
    route({
      method: 'GET',
      path: `${path}/flags`,
      summary: 'The flags of the house, such as armed.',
      needs: 'rule.read',
      input: z.strictObject({}),
      result: flags,
      handle: async () => ({ flags: model.flags() }),
    }),
    route({
      method: 'PATCH',
      path: `${path}/flags`,
      summary: 'Sets a flag of the house on or off.',
      needs: 'rule.edit',
      input: z.strictObject({ name: flagName, on: z.boolean() }),
      result: flags,
      handle: async ({ name, on }) => {
        await model.setFlag(name, on);
        return { flags: model.flags() };
      },
    }),
  ];
}
