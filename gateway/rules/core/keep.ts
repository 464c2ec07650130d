import type { CompiledRule, Slot, Value } from '../compiled.ts';
import { newInstance, type Instance } from './instance.ts';
import { newReading, restore, type SlotState } from './slot-state.ts';

type KeptSource = readonly [key: string, device: string, value: Value | null, at: number, met: boolean | null];

/** An instance as it is kept over a restart. */
export interface KeptInstance {
  readonly active: number;
  readonly since: readonly (readonly [at: number, depth: number] | null)[];
  readonly firedAt: number | null;
  readonly recent: readonly number[];
  readonly suspendedUntil: number | null;
  readonly slots: readonly (readonly KeptSource[])[];
}

/** Sources kept of one slot; further ones are known again when they speak. */
const mostSources = 100;

const sourcesOf = (state: SlotState): KeptSource[] =>
  [...state.sources]
    .slice(0, mostSources)
    .map(([key, { reading, met }]) => [key, reading.device, reading.value ?? null, reading.at, met ?? null]);

export function keep(instance: Instance, stateOf: (slot: Slot) => SlotState): KeptInstance {
  const { active, since, firedAt, recent, suspendedUntil, rule } = instance;
  return {
    active,
    since: since.map((one) => (one === undefined ? null : [one.at, one.depth])),
    firedAt: firedAt ?? null,
    recent,
    suspendedUntil: suspendedUntil ?? null,
    slots: rule.slots.map((slot) => sourcesOf(stateOf(slot))),
  };
}

/** An instance as it was; its sources go where `stateOf` says, those that are known by now stay. */
export function wake(
  rule: CompiledRule,
  scope: string,
  kept: KeptInstance,
  stateOf: (one: Instance, slot: Slot) => SlotState,
): Instance {
  const instance = newInstance(rule, scope);
  const { active, firedAt, recent, suspendedUntil } = kept;
  Object.assign(instance, { active: active < rule.cases.length ? active : -1, recent: [...recent] });
  instance.firedAt = firedAt ?? undefined;
  instance.suspendedUntil = suspendedUntil ?? undefined;
  rule.cases.forEach((_, index) => {
    const since = kept.since[index];
    instance.since[index] = since ? { at: since[0], depth: since[1] } : undefined;
  });
  for (const slot of rule.slots) {
    const state = stateOf(instance, slot);
    for (const [key, device, value, at, met] of kept.slots[slot.index] ?? []) {
      if (state.sources.has(key)) continue;
      restore(slot, state, key, { reading: newReading(device, value ?? undefined, at), met: met ?? undefined });
    }
  }
  return instance;
}
