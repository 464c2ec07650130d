import type { FiringReason } from '../../../contracts/rule-shown.ts';
import type { CompiledRule } from '../compiled.ts';
import { Causes } from './causes.ts';
import type { Channel } from './channel.ts';
import { houseScope, type Devices } from './devices.ts';
import { DueQueue } from './due-queue.ts';
import type { Now, Sight } from './evaluate.ts';
import { Feeding, type Told } from './feeding.ts';
import { newInstance, settle, type Change, type Instance } from './instance.ts';
import type { Interest } from './interests.ts';
import { keep, wake, type KeptInstance } from './keep.ts';
import { newRuleState, stateIn, type RuleState } from './rule-state.ts';
import { newSlotState } from './slot-state.ts';
import { reasonsOf } from './why.ts';

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

interface FlagSetting {
  readonly on: boolean;
}

/**
 * The rules, as a state that events move: the same events at the same times give the same effects. It knows no timers and
 * does nothing itself. What a device says goes to the slots that look at it, and an instance is looked at only when one of
 * its conditions may see a difference.
 */
export class RuleEngine {
  readonly #rules = new Map<string, RuleState>();
  readonly #due = new DueQueue<Instance>();
  readonly #flags = new Map<string, FlagSetting>();
  readonly #causes = new Causes();
  readonly #feeding: Feeding;
  #effects: Effect[] = [];
  #firings: number;
  #hasSchedule = false;

  /** `lastFiring` is the number of the last firing of an earlier life: numbers go on, over all rules. */
  constructor(devices: Devices, lastFiring = 0) {
    this.#feeding = new Feeding(this.#rules, devices);
    this.#firings = lastFiring;
  }

  /** Adds a rule, with what an earlier life kept of its scopes. */
  add(rule: CompiledRule, kept: Iterable<readonly [scope: string, KeptInstance]> = []): void {
    const state = newRuleState(rule);
    for (const [scope, one] of kept) {
      const instance = wake(rule, scope, one, (instance, slot) => stateIn(state, instance, slot));
      state.instances.set(scope, instance);
    }
    if (rule.per === 'house' && !state.instances.has(houseScope)) {
      state.instances.set(houseScope, newInstance(rule, houseScope));
    }
    this.#rules.set(rule.id, state);
    this.#hasSchedule ||= rule.hasTime;
    this.#feeding.rulesChanged();
  }

  /** Takes a rule out; its instances as they were. */
  remove(id: string): readonly Instance[] {
    const instances = [...this.instances(id)];
    this.#rules.delete(id);
    this.#hasSchedule = [...this.#rules.values()].some(({ rule }) => rule.hasTime);
    this.#feeding.rulesChanged();
    for (const instance of instances) instance.due = Infinity;
    return instances;
  }

  interestIn(device: string): Interest | undefined {
    return this.#feeding.interestIn(device);
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
    return this.#flags.get(name)?.on ?? false;
  }

  /** The latest setting of a flag: another object after each. */
  flagSetting(name: string): FlagSetting | undefined {
    return this.#flags.get(name);
  }

  flags(): Readonly<Record<string, boolean>> {
    return Object.fromEntries(Array.from(this.#flags, ([name, { on }]) => [name, on]));
  }

  /** What the registry says of a device, or of all, is asked anew; `reconcile` follows. */
  forgetDevice(device: string | undefined): void {
    this.#feeding.forgetDevice(device);
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
    const feeding = this.#feeding;
    const interest = feeding.interestIn(device);
    if (interest === undefined) return;
    const over: Channel[] = [];
    const heard = feeding.channelOf(interest);
    if (heard !== undefined) feeding.tell(heard, true, now.lived, 0);
    for (const { word, ep, value, momentary } of said) {
      const channel = feeding.channelOf(interest, word, ep);
      if (channel === undefined) continue;
      feeding.tell(channel, value, now.lived, this.#causes.depthBehind(device, word, now));
      if (momentary === true) over.push(channel);
    }
    this.#lookAtSeen(now);
    if (over.length === 0) return;
    for (const channel of over) feeding.tell(channel, '', now.lived, 0);
    this.#lookAtSeen(now);
  }

  /**
   * As `hear`, without looking: how a device is, from before. For one rule, or for all. It is no sign of life and no change.
   * `lookAtAll` follows.
   */
  seed({ ageMs, ...told }: Told & { readonly ageMs: number }, now: Now, id?: string): void {
    this.#feeding.seed(told, now.lived - ageMs, id);
  }

  /** A device that is to speak is there, and was not heard in this life. `lookAtAll` follows. */
  expect(device: string, now: Now): void {
    this.#feeding.expect(device, now.lived);
  }

  setFlag(name: string, on: boolean, now: Now, depth = 0): void {
    this.#flags.set(name, { on });
    for (const { rule, instances } of this.#rules.values()) {
      if (rule.flags.has(name)) for (const one of instances.values()) this.#look(one, now, depth);
    }
  }

  /** A rule told a device something: what that brings about has it as its cause. */
  caused(device: string, word: string, depth: number, now: Now): void {
    this.#causes.note(device, word, depth, now);
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

  /**
   * Takes out what is fed by devices that no longer fit, of those that were to be forgotten since the last time, and looks
   * where something was lost. Returns the scopes that are gone.
   */
  reconcile(now: Now): readonly Instance[] {
    const gone = this.#feeding.reconcile();
    this.#lookAtSeen(now);
    return gone;
  }

  #lookAtSeen(now: Now): void {
    const { seen } = this.#feeding;
    for (const [one, depth] of seen) {
      seen.delete(one);
      this.#look(one, now, depth);
    }
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
