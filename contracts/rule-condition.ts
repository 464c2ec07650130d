import { z } from 'zod';
import { knownDevice, tag } from './registry.ts';
import { isDeviceClass } from './rule-words.ts';

/** A number and a unit: `500ms`, `30s`, `5m`, `2h`, `1d`; a week at most. */
export const duration = z
  .string()
  .regex(/^\d{1,6}(?:\.\d{1,3})?(?:ms|s|m|h|d)$/, 'must be a number and a unit, such as 30s, 5m, 2h or 1d')
  .refine((text) => durationMs(text) <= 7 * 86_400_000, 'must be a week (7d) at most');

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export function durationMs(text: string): number {
  const [, number = '0', unit = 'ms'] = /^([\d.]+)([a-z]+)$/.exec(text) ?? [];
  return Math.round(Number(number) * (unitMs[unit] ?? 0));
}

const listOf = <Item extends z.ZodType>(item: Item) => z.union([item, z.array(item).min(1).max(64)]);
const label = z.string().min(1).max(272);

/** A flag of the house, such as `armed`: on or off, kept over a restart. */
export const flagName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be a name of lower-case letters, digits and dashes');

/**
 * Which devices: all that is given must fit, of a list one. `place` is an id, a path or the name of a place, with all in
 * it. Only devices of the rule's scope, unless `anywhere`.
 */
export const whereSchema = z.strictObject({
  device: listOf(knownDevice).optional(),
  place: listOf(label).optional(),
  profile: listOf(z.string().min(1).max(64)).optional(),
  tag: listOf(tag).optional(),
  class: listOf(z.string().max(64).refine(isDeviceClass, 'is no class of devices')).optional(),
  /** Not those with one of these tags. */
  without: listOf(tag).optional(),
  anywhere: z.boolean().optional(),
});
export type Where = z.infer<typeof whereSchema>;

/** A word, or several that mean the same to the rule, such as `[occupancy, motion]`. */
const metric = listOf(z.string().min(1).max(200));
const value = z.union([z.boolean(), z.number(), z.string().max(64)]);

/** How the values of several devices make one: `any` of them, `all` of them, or a number made of theirs. */
const over = z.enum(['any', 'all', 'mean', 'min', 'max']);
export type Over = z.infer<typeof over>;

/** Farther from the sun it would be a time of another day. */
const mostFromSunMinutes = 720;

/** `HH:MM` of the site's time zone, or a time of the sun with an offset: `sunset-30m`, `dawn`. */
const dayTime = z
  .string()
  .regex(
    /^(?:(?:[01]\d|2[0-3]):[0-5]\d|(?:sunrise|sunset|dawn|dusk|noon)(?:[+-]\d{1,3}(?:m|h))?)$/,
    'must be HH:MM, or sunrise, sunset, dawn, dusk or noon with an offset such as +30m',
  )
  .refine((text) => {
    const [, amount = '0', unit] = /[+-](\d+)([mh])$/.exec(text) ?? [];
    return Number(amount) * (unit === 'h' ? 60 : 1) <= mostFromSunMinutes;
  }, 'must be at most 12h from the sun');
const days = z.array(z.enum(['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'])).min(1);
const timeSchema = z
  .strictObject({ from: dayTime.optional(), to: dayTime.optional(), at: dayTime.optional(), days: days.optional() })
  .refine(
    ({ at, from, to }) => (at === undefined) !== (from === undefined) && (from === undefined) === (to === undefined),
    {
      message: 'must have from and to, or at',
    },
  );
export type TimeCondition = z.infer<typeof timeSchema>;

/** A value for an expression: of one device, or of several through `over`. */
const variableSchema = z.strictObject({
  metric,
  where: whereSchema.optional(),
  over: over.optional(),
  maxAge: duration.optional(),
});

interface ConditionShape {
  all?: Condition[] | undefined;
  any?: Condition[] | undefined;
  not?: Condition | undefined;
  metric?: string | string[] | undefined;
  above?: number | undefined;
  below?: number | undefined;
  clear?: number | undefined;
  is?: boolean | number | string | undefined;
  in?: (boolean | number | string)[] | undefined;
  matches?: string | undefined;
  rises?: number | undefined;
  falls?: number | undefined;
  within?: string | undefined;
  silent?: string | undefined;
  where?: Where | undefined;
  over?: Over | undefined;
  none?: boolean | undefined;
  maxAge?: string | undefined;
  expression?: string | undefined;
  let?: Record<string, z.infer<typeof variableSchema>> | undefined;
  time?: TimeCondition | undefined;
  flag?: string | undefined;
}
export type Condition = ConditionShape;

const about = ['where', 'over', 'none', 'maxAge'] as const;

/** What a condition is, by the key that tells, and the keys that go with it; the first that is there counts. */
const kinds = {
  all: [],
  any: [],
  not: [],
  above: ['metric', 'clear', ...about],
  below: ['metric', 'clear', ...about],
  matches: ['metric', ...about],
  in: ['metric', ...about],
  rises: ['metric', 'clear', 'within', ...about],
  falls: ['metric', 'clear', 'within', ...about],
  silent: ['metric', 'where', 'over'],
  expression: ['let', 'none'],
  time: [],
  flag: ['is'],
  is: ['metric', ...about],
} as const;
export type ConditionKind = keyof typeof kinds;

export function kindOf(condition: Condition): ConditionKind | undefined {
  return (Object.keys(kinds) as ConditionKind[]).find((kind) => condition[kind] !== undefined);
}

/** Conditions in conditions, and conditions in one rule's tree. */
export const mostDepth = 4;
export const mostConditions = 32;

/** One condition; the kind is told by its key. Without a value of what it asks for it is neither true nor false. */
export const conditionSchema: z.ZodType<Condition, Condition> = z.lazy(() => conditionShape);

const conditionShape = z
  .strictObject({
    all: z.array(conditionSchema).min(1).max(16).optional(),
    any: z.array(conditionSchema).min(1).max(16).optional(),
    not: conditionSchema.optional(),
    metric: metric.optional(),
    above: z.number().optional(),
    below: z.number().optional(),
    /** Where a threshold or a change that was reached is over again. */
    clear: z.number().optional(),
    is: value.optional(),
    in: z.array(value).min(1).max(32).optional(),
    /** A regular expression of RE2. */
    matches: z.string().min(1).max(256).optional(),
    rises: z.number().positive().optional(),
    falls: z.number().positive().optional(),
    within: duration.optional(),
    /** Nothing was heard for so long. */
    silent: duration.optional(),
    where: whereSchema.optional(),
    over: over.optional(),
    /** What it is where no device tells a value. */
    none: z.boolean().optional(),
    /** An older value counts as none. */
    maxAge: duration.optional(),
    /** An expression of CEL over the names in `let`; its result is true or false. */
    expression: z.string().min(1).max(512).optional(),
    let: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,31}$/), variableSchema).optional(),
    time: timeSchema.optional(),
    flag: flagName.optional(),
  })
  .superRefine((condition, context) => {
    const kind = kindOf(condition);
    if (kind === undefined) {
      context.addIssue(`a condition has one of ${Object.keys(kinds).join(', ')}`);
      return;
    }
    const allowed: ReadonlySet<string> = new Set([kind, ...kinds[kind]]);
    const wrong = (key: string, message: string): void => context.addIssue({ code: 'custom', path: [key], message });
    for (const [key, value] of Object.entries(condition)) {
      if (value !== undefined && !allowed.has(key)) wrong(key, `does not go with ${kind}`);
    }
    if (allowed.has('metric') && kind !== 'silent' && condition.metric === undefined)
      wrong('metric', 'says what to look at');
    if (allowed.has('within') && condition.within === undefined) wrong('within', 'says in which time');
    if (kind === 'flag' && condition.is !== undefined && typeof condition.is !== 'boolean')
      wrong('is', 'must be true or false');
    const { above, below, clear = above ?? below } = condition;
    if (kind === 'above' && (clear ?? 0) > (above ?? 0)) wrong('clear', 'must not be above the threshold');
    if (kind === 'below' && (clear ?? 0) < (below ?? 0)) wrong('clear', 'must not be below the threshold');
    const change = condition.rises ?? condition.falls;
    if (change !== undefined && (condition.clear ?? change) > change) wrong('clear', 'must not be above the change');
    const number = kind === 'above' || kind === 'below' || kind === 'rises' || kind === 'falls';
    if (!number && ['mean', 'min', 'max'].includes(condition.over ?? 'any'))
      wrong('over', `${condition.over} goes with numbers only`);
    if (['rises', 'falls'].includes(kind) && ['mean', 'min', 'max'].includes(condition.over ?? 'any'))
      wrong('over', 'must be any or all');
  });
