import type { ShownRule } from '../../contracts/rule-shown.ts';
import type { RuleEngine } from './core/engine.ts';
import type { RuleEntry } from './rule-book.ts';

/** Scopes that are listed with the case that is chosen there. */
const mostShown = 100;

interface Around {
  readonly engine: RuleEngine;
  readonly loops: string[][];
  readonly clockDoubt: string | undefined;
}

export function showRule(entry: RuleEntry, { engine, loops, clockDoubt }: Around): ShownRule {
  const { id, from, enabled, rule, compiled, problem } = entry;
  const instances = [...engine.instances(id)];
  const active = instances.filter((one) => one.active >= 0);
  const suspended = instances.filter(({ suspendedUntil }) => suspendedUntil !== undefined).map(({ scope }) => scope);
  const heard = instances.some(({ slots }) => slots.some(({ sources }) => sources.size > 0));
  const waits = compiled?.slots.some(({ shared }) => !shared) === true && !heard;
  const state = stateOf();
  return {
    id,
    from,
    enabled,
    ...state,
    scopes: instances.length,
    active: active
      .slice(0, mostShown)
      .map((one) => ({ scope: one.scope, case: one.rule.cases[one.active]?.name ?? '' })),
    loops: loops.filter((circle) => circle.includes(id)),
    ...(rule !== undefined && { rule }),
  };

  function stateOf(): Pick<ShownRule, 'state' | 'because'> {
    if (problem !== undefined) return { state: 'invalid', because: problem };
    if (!enabled) return { state: 'off' };
    if (suspended.length > 0)
      return { state: 'suspended', because: `It fired too often in ${suspended.slice(0, 3).join(', ')}.` };
    if (compiled?.hasTime === true && clockDoubt !== undefined) return { state: 'held', because: clockDoubt };
    if (waits) return { state: 'waiting', because: 'No device that it asks for was heard.' };
    return { state: 'ready' };
  }
}
