import { PortcullisError } from '../../../contracts/errors.ts';
import { durationMs, kindOf, mostConditions, mostDepth } from '../../../contracts/rule-condition.ts';
import type { Condition, Over, Where } from '../../../contracts/rule-condition.ts';
import type { Rule, RuleCase } from '../../../contracts/rule.ts';
import type { CompiledCase, CompiledRule, Look, Node, Slot, Value } from '../compiled.ts';
import { timeWindow, type Site } from '../schedule/window.ts';
import { conditionText } from './condition-text.ts';
import type { Tools } from './tools.ts';

/** How often a scope of a rule may fire where the rule does not say. */
const defaultMost = { times: 20, perMs: 600_000 };

interface Draft {
  readonly rule: Rule;
  readonly site: Site;
  readonly tools: Tools;
  readonly slots: Slot[];
  readonly flags: Set<string>;
  conditions: number;
  hasTime: boolean;
}

/** Makes a rule ready to be looked at. Throws CONFIG_INVALID with the path of what is wrong. */
export function compileRule(rule: Rule, site: Site, tools: Tools): CompiledRule {
  const draft: Draft = { rule, site, tools, slots: [], flags: new Set(), conditions: 0, hasTime: false };
  const { when, do: actions = [], for: wait, otherwise = [], most, cooldown } = rule;
  const given: readonly (RuleCase & { path: string })[] = rule.choose?.map((one, index) =>
    Object.assign({ path: `choose.${index}.when` }, one),
  ) ?? [{ when, for: wait, do: actions, path: 'when' }];
  const cases = given.map(({ path, ...one }, index): CompiledCase => ({
    name: one.name ?? (rule.choose === undefined ? 'on' : `case ${index + 1}`),
    when: one.when && nodeOf(one.when, path, 1, draft),
    forMs: one.for === undefined ? 0 : durationMs(one.for),
    actions: one.do,
  }));
  return {
    rule,
    id: rule.id,
    per: rule.per,
    cases,
    otherwise,
    slots: draft.slots,
    flags: draft.flags,
    hasTime: draft.hasTime,
    cooldownMs: cooldown === undefined ? 0 : durationMs(cooldown),
    most: most === undefined ? defaultMost : { times: most.times, perMs: durationMs(most.per) },
  };
}

function nodeOf(condition: Condition, path: string, depth: number, draft: Draft): Node {
  draft.conditions += 1;
  if (depth > mostDepth) throw wrong(draft, path, `conditions stand ${mostDepth} deep at most`);
  if (draft.conditions > mostConditions) throw wrong(draft, path, `a rule has ${mostConditions} conditions at most`);
  const inner = (each: Condition, key: string): Node => nodeOf(each, `${path}.${key}`, depth + 1, draft);
  const text = conditionText(condition);
  switch (kindOf(condition)) {
    case 'all':
      return { op: 'all', of: (condition.all ?? []).map((one, index) => inner(one, `all.${index}`)) };
    case 'any':
      return { op: 'any', of: (condition.any ?? []).map((one, index) => inner(one, `any.${index}`)) };
    case 'not':
      return { op: 'not', of: inner(condition.not ?? {}, 'not') };
    case 'flag':
      draft.flags.add(condition.flag ?? '');
      return { op: 'flag', flag: condition.flag ?? '', is: condition.is !== false, text };
    case 'time':
      draft.hasTime = true;
      return guarded(draft, `${path}.time`, () => ({
        op: 'time',
        window: timeWindow(condition.time ?? {}, draft.site, draft.tools.sun),
        text,
      }));
    case 'expression':
      return guarded(draft, `${path}.expression`, () => expressionNode(condition, text, draft));
    default:
      return guarded(draft, path, () => {
        const slot = addSlot(draft, condition, lookOf(condition, draft));
        return { op: 'slot', slot, none: condition.none, text };
      });
  }
}

function expressionNode({ expression = '', let: given = {}, none }: Condition, text: string, draft: Draft): Node {
  const entries = Object.entries(given);
  if (entries.length > 16) throw new Error('has 16 names at most');
  const names = entries.map(([name, about]) => [name, addSlot(draft, about, { as: 'value' })] as const);
  const run = draft.tools.expression?.(expression, Object.keys(given));
  if (run === undefined) throw new Error('cannot be read');
  return { op: 'expression', names, run, none, text };
}

interface About {
  readonly metric?: string | readonly string[] | undefined;
  readonly where?: Where | undefined;
  readonly over?: Over | undefined;
  readonly maxAge?: string | undefined;
}

function addSlot(draft: Draft, { metric, where, over, maxAge }: About, look: Look): Slot {
  const slot: Slot = {
    index: draft.slots.length,
    words: metric === undefined ? undefined : [metric].flat(),
    where,
    shared: draft.rule.per === 'house' || where?.anywhere === true,
    over: over ?? 'any',
    maxAgeMs: maxAge === undefined ? undefined : durationMs(maxAge),
    look,
  };
  draft.slots.push(slot);
  return slot;
}

function lookOf(condition: Condition, { tools }: Draft): Look {
  const { above, below, clear, is, in: several, matches, rises, falls, within, silent } = condition;
  if (above !== undefined) return { as: 'level', sign: 1, at: above, clear: clear ?? above };
  if (below !== undefined) return { as: 'level', sign: -1, at: below, clear: clear ?? below };
  const change = rises ?? falls;
  if (change !== undefined) {
    const sign = rises === undefined ? -1 : 1;
    return { as: 'change', sign, by: change, clear: clear ?? change, withinMs: durationMs(within ?? '0s') };
  }
  if (silent !== undefined) return { as: 'silence', ms: durationMs(silent) };
  if (matches !== undefined) {
    const test = tools.pattern?.(matches);
    return { as: 'equal', fits: (value: Value) => test?.(String(value).slice(0, 1_024)) ?? false };
  }
  const wanted: ReadonlySet<Value> = new Set(several ?? (is === undefined ? [] : [is]));
  return { as: 'equal', fits: (value) => wanted.has(value) };
}

function guarded<Result>(draft: Draft, path: string, make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    if (error instanceof PortcullisError) throw error;
    throw wrong(draft, path, (error as Error).message.split('\n', 1)[0] ?? 'is wrong');
  }
}

function wrong({ rule }: Draft, path: string, why: string): PortcullisError {
  return new PortcullisError('CONFIG_INVALID', `The rule ${rule.id} is not valid:\n  ${path}: ${why}`);
}
