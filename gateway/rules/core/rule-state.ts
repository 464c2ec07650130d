import type { CompiledRule, Slot } from '../compiled.ts';
import { isChosen, scopeOf, type Devices } from './devices.ts';
import { newInstance, type Instance } from './instance.ts';
import { drop, newSlotState, type SlotState } from './slot-state.ts';

/** A rule with what it knows in its scopes. */
export interface RuleState {
  readonly rule: CompiledRule;
  readonly shared: readonly SlotState[];
  readonly instances: Map<string, Instance>;
}

export function newRuleState(rule: CompiledRule): RuleState {
  return { rule, shared: rule.slots.map(() => newSlotState()), instances: new Map() };
}

/** Where the values of a slot are, as an instance sees it. */
export function stateIn({ shared }: RuleState, instance: Instance, slot: Slot): SlotState {
  return (slot.shared ? shared[slot.index] : instance.slots[slot.index]) ?? newSlotState();
}

/** The instance of a scope, which begins with the first value in it; undefined where `mayBegin` refuses a new one. */
export function instanceIn(
  { rule, instances }: RuleState,
  scope: string,
  mayBegin: (known: number) => boolean,
): { readonly instance: Instance; readonly isNew: boolean } | undefined {
  const known = instances.get(scope);
  if (known !== undefined) return { instance: known, isNew: false };
  if (!mayBegin(instances.size)) return undefined;
  const instance = newInstance(rule, scope);
  instances.set(scope, instance);
  return { instance, isNew: true };
}

interface Left {
  /** Scopes that nothing feeds any more. */
  readonly gone: readonly Instance[];
  /** Others that lost a value. */
  readonly changed: Iterable<Instance>;
}

/** Takes out what is fed by devices that are gone, or fit no more, of those for which `mayHaveChanged`. */
export function leaveOut(
  { rule, shared, instances }: RuleState,
  mayHaveChanged: (device: string) => boolean,
  devices: Devices,
): Left {
  const stays = (device: string, slot: Slot, scope: string | undefined): boolean => {
    const facts = devices.facts(device);
    if (facts === undefined || !isChosen(slot.where, facts, devices)) return false;
    return scope === undefined || scopeOf(facts, rule.per) === scope;
  };
  const clean = (states: readonly SlotState[], scope: string | undefined): boolean => {
    let lost = false;
    for (const slot of rule.slots) {
      const state = states[slot.index];
      if (state === undefined || slot.shared !== (scope === undefined)) continue;
      for (const [key, { reading }] of state.sources) {
        if (!mayHaveChanged(reading.device) || stays(reading.device, slot, scope)) continue;
        drop(state, key);
        lost = true;
      }
    }
    return lost;
  };
  const changed = new Set(clean(shared, undefined) ? instances.values() : []);
  const gone: Instance[] = [];
  const hasOwn = rule.per !== 'house' && rule.slots.some((slot) => !slot.shared);
  for (const [scope, one] of instances) {
    if (clean(one.slots, scope)) changed.add(one);
    if (!hasOwn || one.slots.some(({ sources }) => sources.size > 0)) continue;
    instances.delete(scope);
    changed.delete(one);
    one.due = Infinity;
    gone.push(one);
  }
  return { gone, changed };
}
