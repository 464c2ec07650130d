import { tell } from '../../observability/channels.ts';
import type { FiringReason } from '../../../contracts/rule-shown.ts';
import type { CompiledRule, Slot, Value } from '../compiled.ts';
import { houseScope, Interests, isChosen, scopeOf, type Devices, type Feeds, type Interest } from './devices.ts';
import { DueQueue } from './due-queue.ts';
import type { Now, Sight } from './evaluate.ts';
import { newInstance, settle, type Change, type Instance } from './instance.ts';
import { keep, wake, type KeptInstance } from './keep.ts';
import { feed, forget, newSlotState, type SlotState } from './slot-state.ts';
import { reasonsOf } from './why.ts';

/** What a device said of one word. */
export interface Told {
  readonly device: string;
  readonly word: string;
  readonly ep?: string | undefined;
  readonly value: Value;
  /** It happened and is over, such as the press of a button. */
  readonly momentary?: boolean | undefined;
}

/** What shall follow. `touched` is to be kept over a restart, before what `fired` shall do is done. */
export type Effect =
  | ({
      readonly is: 'fired';
      readonly n: number;
      readonly instance: Instance;
      readonly why: readonly FiringReason[];
    } & Change)
  | { readonly is: 'touched' | 'resumed'; readonly instance: Instance }
  | { readonly is: 'suspended'; readonly instance: Instance; readonly why: string };

/** Scopes of one rule, and words that rules set lately. */
export const engineBounds = { maxScopes: 10_000, maxCauses: 2_000 } as const;
/** A device that changes so soon after a rule told it to is taken to do so because of that. */
const causeMs = 15_000;

interface RuleState {
  readonly rule: CompiledRule;
  readonly shared: readonly SlotState[];
  readonly instances: Map<string, Instance>;
}

/**
 * The rules, as a state that events move: the same events at the same times give the same effects. It knows no timers and
 * does nothing itself.
 */
export class RuleEngine {
  readonly #rules = new Map<string, RuleState>();
  readonly #due = new DueQueue<Instance>();
  readonly #flags = new Map<string, boolean>();
  readonly #causes = new Map<string, { readonly at: number; readonly depth: number }>();
  readonly #interests: Interests;
  readonly #devices: Devices;
  #effects: Effect[] = [];
  #firings: number;
  #hasSchedule = false;

  /** `lastFiring` is the number of the last firing of an earlier life: numbers go on, over all rules. */
  constructor(devices: Devices, lastFiring = 0) {
    this.#devices = devices;
    this.#firings = lastFiring;
    this.#interests = new Interests(() => [...this.#rules.values()].map(({ rule }) => rule), devices);
  }

  /** Adds a rule, with what an earlier life kept of its scopes. */
  add(rule: CompiledRule, kept: Iterable<readonly [scope: string, KeptInstance]> = []): void {
    const state: RuleState = { rule, shared: rule.slots.map(() => newSlotState()), instances: new Map() };
    for (const [scope, one] of kept) {
      const instance = wake(rule, scope, one, (instance, slot) => stateIn(state, instance, slot));
      state.instances.set(scope, instance);
    }
    if (rule.per === 'house' && !state.instances.has(houseScope)) {
      state.instances.set(houseScope, newInstance(rule, houseScope));
    }
    this.#rules.set(rule.id, state);
    this.#hasSchedule ||= rule.hasTime;
    this.#interests.reset();
  }

  /** Takes a rule out; its instances as they were. */
  remove(id: string): readonly Instance[] {
    const state = this.#rules.get(id);
    this.#rules.delete(id);
    this.#hasSchedule = [...this.#rules.values()].some(({ rule }) => rule.hasTime);
    this.#interests.reset();
    for (const instance of state?.instances.values() ?? []) instance.due = Infinity;
    return [...(state?.instances.values() ?? [])];
  }

  interestIn(device: string): Interest | undefined {
    return this.#interests.of(device);
  }

  instances(id: string): Iterable<Instance> {
    return this.#rules.get(id)?.instances.values() ?? [];
  }

  kept(instance: Instance): KeptInstance {
    const state = this.#rules.get(instance.rule.id);
    return keep(instance, (slot) => (state === undefined ? newSlotState() : stateIn(state, instance, slot)));
  }

  /** The number of the last firing. */
  get firings(): number {
    return this.#firings;
  }

  /** When time alone may change something; lived milliseconds. */
  get nextDue(): number | undefined {
    return this.#due.next;
  }

  flag(name: string): boolean {
    return this.#flags.get(name) ?? false;
  }

  flags(): Readonly<Record<string, boolean>> {
    return Object.fromEntries(this.#flags);
  }

  /** What the registry says of a device, or of all, is asked anew. */
  forgetDevice(device: string | undefined): void {
    if (device === undefined) this.#interests.reset();
    else this.#interests.drop(device);
  }

  /** Whether one of the rules asks for the time. */
  get hasSchedule(): boolean {
    return this.#hasSchedule;
  }

  get hasEffects(): boolean {
    return this.#effects.length > 0;
  }

  /** What there is to do since the last call. */
  takeEffects(): readonly Effect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** A device spoke. All that it said at once is looked at together. */
  hear(device: string, said: readonly Told[], now: Now): void {
    const interest = this.#interests.of(device);
    if (interest === undefined) return;
    const looked = new Map<Instance, number>();
    const over: (readonly [Feeds, Told])[] = [];
    for (const feeds of interest.heard) this.#feed(feeds, interest, { device, word: '', value: true }, now, 0, looked);
    for (const told of said) {
      const cause = this.#causes.get(`${device}\n${told.word}`);
      const depth = cause !== undefined && now.lived - cause.at < causeMs ? cause.depth : 0;
      for (const feeds of interest.byWord.get(told.word) ?? []) {
        this.#feed(feeds, interest, told, now, depth, looked);
        if (told.momentary === true) over.push([feeds, told]);
      }
    }
    for (const [one, depth] of looked) this.#look(one, now, depth);
    if (over.length === 0) return;
    looked.clear();
    for (const [feeds, told] of over) this.#feed(feeds, interest, { ...told, value: '' }, now, 0, looked);
    for (const [one, depth] of looked) this.#look(one, now, depth);
  }

  /**
   * As `hear`, without looking: how a device is, from before. For one rule, or for all. It is no sign of life and no change.
   * `lookAtAll` follows.
   */
  seed({ ageMs, ...told }: Told & { readonly ageMs: number }, now: Now, id?: string): void {
    const interest = this.#interests.of(told.device);
    for (const feeds of interest?.byWord.get(told.word) ?? []) {
      const { rule, slot } = feeds;
      if ((id !== undefined && rule.id !== id) || slot.look.as === 'silence' || slot.look.as === 'change') continue;
      for (const [state] of this.#statesFor(feeds, interest)) {
        if (state.sources.get(keyOf(told))?.value === told.value) continue;
        feed(slot, state, told.device, keyOf(told), told.value, now.lived - ageMs);
      }
    }
  }

  /** A device that is to speak is there, and was not heard in this life. */
  expect(device: string, now: Now): void {
    const interest = this.#interests.of(device);
    const named = [...(interest?.byWord.values() ?? [])].flat().filter(({ slot }) => slot.where?.device !== undefined);
    for (const feeds of [...(interest?.heard ?? []), ...named]) {
      if (feeds.slot.look.as !== 'silence') continue;
      for (const [state] of this.#statesFor(feeds, interest)) {
        if (![...state.sources.values()].some((one) => one.device === device)) {
          feed(feeds.slot, state, device, device, undefined, now.lived);
        }
      }
    }
  }

  setFlag(name: string, on: boolean, now: Now, depth = 0): void {
    this.#flags.set(name, on);
    for (const { rule, instances } of this.#rules.values()) {
      if (rule.flags.has(name)) for (const one of instances.values()) this.#look(one, now, depth);
    }
  }

  /** A rule told a device something: what that brings about has it as its cause. */
  caused(device: string, word: string, depth: number, now: Now): void {
    const key = `${device}\n${word}`;
    this.#causes.delete(key);
    this.#causes.set(key, { at: now.lived, depth });
    const [oldest] = this.#causes.keys();
    if (this.#causes.size > engineBounds.maxCauses && oldest !== undefined) this.#causes.delete(oldest);
  }

  /** Looks at everything that time alone may have changed. */
  advance(now: Now): void {
    for (let next = this.#due.take(now.lived); next !== undefined; next = this.#due.take(now.lived)) {
      next.due = Infinity;
      if (this.#rules.get(next.rule.id)?.instances.get(next.scope) === next) this.#look(next, now, 0);
    }
  }

  lookAtAll(now: Now, which: (rule: CompiledRule) => boolean = () => true): void {
    for (const { rule, instances } of this.#rules.values()) {
      if (which(rule)) for (const one of instances.values()) this.#look(one, now, 0);
    }
  }

  /** An instance may try again before its rest is over. */
  resume(id: string, now: Now): void {
    for (const one of this.instances(id)) {
      if (one.suspendedUntil === undefined) continue;
      one.suspendedUntil = now.lived;
      this.#look(one, now, 0);
    }
  }

  /** Devices or places changed: takes out what is fed by devices that no longer fit. Returns the scopes that are gone. */
  reconcile(): readonly Instance[] {
    this.#interests.reset();
    const gone: Instance[] = [];
    for (const { rule, shared, instances } of this.#rules.values()) {
      const devices = new Set<string>();
      const noteAll = (states: readonly SlotState[]): void => {
        for (const { sources } of states) for (const { device } of sources.values()) devices.add(device);
      };
      noteAll(shared);
      for (const { slots } of instances.values()) noteAll(slots);
      for (const device of devices) {
        const facts = this.#devices.facts(device);
        const scope = facts && scopeOf(facts, rule.per);
        for (const slot of rule.slots) {
          const stays = facts !== undefined && isChosen(slot.where, facts, this.#devices);
          const keeper = stays
            ? slot.shared
              ? shared[slot.index]
              : instances.get(scope ?? '')?.slots[slot.index]
            : undefined;
          for (const state of [shared[slot.index], ...[...instances.values()].map(({ slots }) => slots[slot.index])]) {
            if (state !== undefined && state !== keeper) forget(state, device);
          }
        }
      }
      for (const [scope, one] of instances) {
        const isEmpty =
          rule.slots.some(({ shared }) => !shared) && one.slots.every(({ sources }) => sources.size === 0);
        if (!isEmpty || rule.per === 'house') continue;
        instances.delete(scope);
        one.due = Infinity;
        gone.push(one);
      }
    }
    return gone;
  }

  #feed(feeds: Feeds, interest: Interest, told: Told, now: Now, depth: number, looked: Map<Instance, number>): void {
    for (const [state, instances] of this.#statesFor(feeds, interest)) {
      // It was expected, under its own name, and is here.
      if (state.sources.has(told.device)) forget(state, told.device);
      if (!feed(feeds.slot, state, told.device, keyOf(told), told.value, now.lived)) {
        tell('dropped', { stage: 'rules', reason: 'sources', count: 1 });
        continue;
      }
      for (const one of instances) looked.set(one, Math.max(depth, looked.get(one) ?? 0));
    }
  }

  /** Where a value of the device goes, and who looks at it there. A scope begins with the first value in it. */
  #statesFor({ rule, slot }: Feeds, interest: Interest | undefined): (readonly [SlotState, Iterable<Instance>])[] {
    const state = this.#rules.get(rule.id);
    if (state === undefined || interest === undefined) return [];
    if (slot.where?.class !== undefined && !isChosen(slot.where, interest.facts, this.#devices)) return [];
    if (slot.shared) {
      const shared = state.shared[slot.index];
      return shared === undefined ? [] : [[shared, [...state.instances.values()]]];
    }
    const scope = scopeOf(interest.facts, rule.per);
    if (scope === undefined) return [];
    let instance = state.instances.get(scope);
    if (instance === undefined) {
      if (state.instances.size >= engineBounds.maxScopes) {
        tell('dropped', { stage: 'rules', reason: 'scopes', count: 1 });
        return [];
      }
      instance = newInstance(rule, scope);
      state.instances.set(scope, instance);
    }
    const own = instance.slots[slot.index];
    return own === undefined ? [] : [[own, [instance]]];
  }

  #look(instance: Instance, now: Now, depth: number): void {
    const state = this.#rules.get(instance.rule.id);
    if (state === undefined) return;
    const sight: Sight = {
      now,
      stateOf: (slot) => stateIn(state, instance, slot),
      flag: (name) => this.flag(name),
      due: () => undefined,
    };
    const before = instance.due;
    const rested = instance.suspendedUntil !== undefined;
    const { outcome, touched } = settle(instance, sight, depth);
    if (instance.due !== before) this.#due.enter(instance);
    if (rested && instance.suspendedUntil === undefined) this.#effects.push({ is: 'resumed', instance });
    if (touched) this.#effects.push({ is: 'touched', instance });
    if (outcome?.is === 'suspended') this.#effects.push({ is: 'suspended', instance, why: outcome.why });
    if (outcome?.is === 'changed') {
      const { change } = outcome;
      const decisive = instance.rule.cases[change.to >= 0 ? change.to : change.from];
      this.#firings += 1;
      this.#effects.push({ is: 'fired', n: this.#firings, instance, why: reasonsOf(decisive?.when, sight), ...change });
    }
  }
}

function stateIn(state: RuleState, instance: Instance, slot: Slot): SlotState {
  const found = slot.shared ? state.shared[slot.index] : instance.slots[slot.index];
  return found ?? newSlotState();
}

const keyOf = ({ device, word, ep = '' }: Told): string => `${device}\n${word}\n${ep}`;
