import type { Rule } from '../../../contracts/rule.ts';
import type { Condition } from '../../../contracts/rule-condition.ts';
import type { parseExpression } from './expression.ts';
import type { sunTime } from '../schedule/sun.ts';

/** Libraries that only some rules need. */
export interface Tools {
  readonly expression: typeof parseExpression | undefined;
  readonly sun: typeof sunTime | undefined;
  /** Throws for a pattern that is none. Linear in the length of the text (RE2). */
  readonly pattern: ((pattern: string) => (text: string) => boolean) | undefined;
}

/** Loads what the rule needs, and nothing else: most houses need none of it. */
export async function toolsFor(rule: Rule): Promise<Tools> {
  const given = [rule.when, ...(rule.choose ?? []).map(({ when }) => when)];
  const all = given.flatMap((one) => (one === undefined ? [] : Array.from(leavesOf(one))));
  const needs = (test: (condition: Condition) => boolean): boolean => all.some(test);
  const sunny = ({ time }: Condition): boolean =>
    [time?.at, time?.from, time?.to].some((one) => one !== undefined && /^[a-z]/.test(one));
  return {
    expression: needs(({ expression }) => expression !== undefined)
      ? (await import('./expression.ts')).parseExpression
      : undefined,
    sun: needs(sunny) ? (await import('../schedule/sun.ts')).sunTime : undefined,
    pattern: needs(({ matches }) => matches !== undefined) ? (await import('./pattern.ts')).parsePattern : undefined,
  };
}

function* leavesOf(condition: Condition): Generator<Condition> {
  const inner = [...(condition.all ?? []), ...(condition.any ?? []), ...(condition.not ? [condition.not] : [])];
  if (inner.length === 0) yield condition;
  for (const one of inner) yield* leavesOf(one);
}
