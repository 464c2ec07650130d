import type { CompiledRule } from '../compiled.ts';
import { evaluate, type Now, type Sight } from './evaluate.ts';
import { newSlotState, type SlotState } from './slot-state.ts';

/** Since when a case holds, and how many firings of rules stand behind that. */
interface Since {
  readonly at: number;
  readonly depth: number;
}

/** One rule in one scope. Times are lived milliseconds. `active` is the case that was chosen, -1 for none. */
export interface Instance {
  readonly rule: CompiledRule;
  readonly scope: string;
  readonly slots: readonly SlotState[];
  readonly since: (Since | undefined)[];
  active: number;
  firedAt: number | undefined;
  /** When it fired lately, as far back as its rate counts. */
  recent: number[];
  suspendedUntil: number | undefined;
  due: number;
}

/** A case was left for another. */
export interface Change {
  readonly from: number;
  readonly to: number;
  readonly depth: number;
}

export type Outcome =
  | { readonly is: 'changed'; readonly change: Change }
  | { readonly is: 'suspended'; readonly why: string };

/** Firings that may stand behind a firing, and how long an instance that fired too often rests. */
export const firingBounds = { maxCausation: 8, restMs: 3_600_000 } as const;

export function newInstance(rule: CompiledRule, scope: string): Instance {
  const slots = rule.slots.map(() => newSlotState());
  const since = rule.cases.map(() => undefined);
  return {
    rule,
    scope,
    slots,
    since,
    active: -1,
    firedAt: undefined,
    recent: [],
    suspendedUntil: undefined,
    due: Infinity,
  };
}

/**
 * Looks at an instance now. `depth` is how many firings stand behind what happened. A case that is neither true nor false
 * stays chosen if it is, and is not chosen if it is not. `touched` tells of what must outlive a crash and is no firing.
 */
export function settle(
  instance: Instance,
  sight: Omit<Sight, 'due'>,
  depth: number,
): { outcome?: Outcome; touched: boolean } {
  const { now } = sight;
  instance.due = Infinity;
  if (instance.suspendedUntil !== undefined) {
    if (now.lived < instance.suspendedUntil) {
      instance.due = instance.suspendedUntil;
      return { touched: false };
    }
    instance.suspendedUntil = undefined;
    instance.recent = [];
  }
  const due = (lived: number): void => {
    instance.due = Math.min(instance.due, lived);
  };
  const { to, touched } = choose(instance, { ...sight, due }, depth);
  if (to === instance.active) return { touched };
  const ready = (instance.firedAt ?? -Infinity) + instance.rule.cooldownMs;
  if (now.lived < ready) {
    due(ready);
    return { touched };
  }
  const behind = to >= 0 ? (instance.since[to]?.depth ?? depth) : depth;
  const outcome = mayFire(instance, now, behind) ?? fire(instance, now, to, behind);
  if (outcome.is === 'suspended') due(instance.suspendedUntil ?? now.lived);
  return { outcome, touched: true };
}

/** The first case that holds, and has held for its time. */
function choose(instance: Instance, sight: Sight, depth: number): { to: number; touched: boolean } {
  const { rule, since, active } = instance;
  const { lived } = sight.now;
  let to = -1;
  let touched = false;
  rule.cases.forEach(({ when, forMs }, index) => {
    const holds = when === undefined ? true : evaluate(when, sight);
    if (holds === true && since[index] === undefined) {
      since[index] = { at: lived, depth };
      // Only a delay that runs must outlive a crash.
      touched ||= forMs > 0;
    } else if (holds === false && since[index] !== undefined) {
      touched ||= forMs > 0;
      since[index] = undefined;
    }
    if (to >= 0) return;
    const begun = since[index];
    if (holds === undefined) to = index === active ? index : -1;
    else if (begun !== undefined && (index === active || lived - begun.at >= forMs)) to = index;
    else if (begun !== undefined) sight.due(begun.at + forMs);
  });
  return { to, touched };
}

function mayFire(instance: Instance, now: Now, depth: number): Outcome | undefined {
  const { most } = instance.rule;
  instance.recent = instance.recent.filter((at) => now.lived - at < most.perMs);
  const why =
    depth >= firingBounds.maxCausation
      ? `${depth} firings of rules stand behind this one: they drive each other.`
      : instance.recent.length >= most.times
        ? `It fired ${most.times} times within ${Math.round(most.perMs / 1_000)} s.`
        : undefined;
  if (why === undefined) return undefined;
  instance.suspendedUntil = now.lived + firingBounds.restMs;
  return { is: 'suspended', why };
}

function fire(instance: Instance, now: Now, to: number, depth: number): Outcome {
  const from = instance.active;
  instance.active = to;
  instance.firedAt = now.lived;
  instance.recent.push(now.lived);
  return { is: 'changed', change: { from, to, depth } };
}
