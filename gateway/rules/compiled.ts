import type { Over, Where } from '../../contracts/rule-condition.ts';
import type { Rule, RuleAction, Scope } from '../../contracts/rule.ts';
import type { Expression, Value } from './language/expression.ts';
import type { Window } from './schedule/window.ts';

export type { Value } from './language/expression.ts';

/** How the value of one device is looked at. */
export type Look =
  | { readonly as: 'value' }
  /** Beyond `at` until it is back at `clear`; `sign` is 1 for above, -1 for below. */
  | { readonly as: 'level'; readonly sign: 1 | -1; readonly at: number; readonly clear: number }
  | { readonly as: 'equal'; readonly fits: (value: Value) => boolean }
  /** Changed by `by` within a time; `sign` is 1 for a rise. */
  | {
      readonly as: 'change';
      readonly sign: 1 | -1;
      readonly by: number;
      readonly clear: number;
      readonly withinMs: number;
    }
  | { readonly as: 'silence'; readonly ms: number };

/** The values of the devices that one condition, or one name of an expression, looks at. */
export interface Slot {
  readonly index: number;
  /** Undefined: any message of the device. */
  readonly words: readonly string[] | undefined;
  readonly where: Where | undefined;
  /** One set of values for all scopes of the rule. */
  readonly shared: boolean;
  readonly over: Over;
  readonly maxAgeMs: number | undefined;
  readonly look: Look;
}

export type Node =
  | { readonly op: 'all'; readonly of: readonly Node[] }
  | { readonly op: 'any'; readonly of: readonly Node[] }
  | { readonly op: 'not'; readonly of: Node }
  | { readonly op: 'slot'; readonly slot: Slot; readonly none: boolean | undefined; readonly text: string }
  | {
      readonly op: 'expression';
      readonly names: readonly (readonly [name: string, slot: Slot])[];
      readonly run: Expression;
      readonly none: boolean | undefined;
      readonly text: string;
    }
  | { readonly op: 'time'; readonly window: Window; readonly text: string }
  | { readonly op: 'flag'; readonly flag: string; readonly is: boolean; readonly text: string };

export interface CompiledCase {
  readonly name: string;
  /** Undefined: whenever no case before it holds. */
  readonly when: Node | undefined;
  readonly forMs: number;
  readonly actions: readonly RuleAction[];
}

/** A rule, ready to be looked at. */
export interface CompiledRule {
  readonly rule: Rule;
  readonly id: string;
  readonly per: Scope;
  readonly cases: readonly CompiledCase[];
  readonly otherwise: readonly RuleAction[];
  readonly slots: readonly Slot[];
  readonly flags: ReadonlySet<string>;
  readonly hasTime: boolean;
  readonly cooldownMs: number;
  readonly most: { readonly times: number; readonly perMs: number };
}
