import { tell } from '../../observability/channels.ts';
import type { Value } from '../compiled.ts';
import { Channel, type Target } from './channel.ts';
import { isOfClass, scopeOf, type Devices } from './devices.ts';
import type { Instance } from './instance.ts';
import { Interests, type Feeds, type Interest } from './interests.ts';
import { instanceIn, leaveOut, type RuleState } from './rule-state.ts';
import { drop, feed, newReading, sourceIn, type Reading } from './slot-state.ts';

/** What a device said of one word. */
export interface Told {
  readonly device: string;
  readonly word: string;
  readonly ep?: string | undefined;
  readonly value: Value;
  /** It happened and is over, such as the press of a button. */
  readonly momentary?: boolean | undefined;
}

/** Scopes of one rule, and of all together. */
export const scopeBounds = { maxScopes: 10_000, maxInAll: 50_000 } as const;

/**
 * The way from what devices say to the slots that look at it. Where a word of a device leads is worked out once, and again
 * when rules or the registry changed. Times are lived milliseconds.
 */
export class Feeding {
  /** Instances whose conditions may see a difference, with how many firings stand behind that. */
  readonly seen = new Map<Instance, number>();
  readonly #rules: ReadonlyMap<string, RuleState>;
  readonly #interests: Interests;
  readonly #devices: Devices;
  /** Devices of which the registry said something new; undefined: all may have changed. */
  #changed: Set<string> | undefined = new Set();
  #scopes = 0;

  constructor(rules: ReadonlyMap<string, RuleState>, devices: Devices) {
    this.#rules = rules;
    this.#devices = devices;
    this.#interests = new Interests(() => [...rules.values()].map(({ rule }) => rule), devices);
  }

  interestIn(device: string): Interest | undefined {
    return this.#interests.of(device);
  }

  /** A rule came or went. */
  rulesChanged(): void {
    this.#interests.reset();
    this.#scopes = 0;
    for (const { instances } of this.#rules.values()) this.#scopes += instances.size;
  }

  /** Where a word leads; undefined where nobody looks at it. Without a word: any message at all. */
  channelOf(interest: Interest, word?: string, ep?: string): Channel | undefined {
    const name = ep === undefined ? (word ?? '') : keyOf(word, ep);
    const known = interest.channels.get(name);
    if (known !== undefined) return known;
    const key = keyOf(word, ep);
    const feeds = feedsOf(interest, word);
    if (feeds.length === 0) return undefined;
    const channel = new Channel(interest.facts.id);
    const { reading } = channel;
    for (const one of feeds) {
      const { where } = one.slot;
      const target = (): Target | undefined => this.#targetOf(one, interest, key, reading);
      if (where?.class === undefined) channel.add(target());
      // Its class can change with each message.
      else channel.ask(() => (isOfClass(where, interest.facts, this.#devices) ? target() : undefined));
    }
    interest.channels.set(name, channel);
    return channel;
  }

  tell(channel: Channel, value: Value, now: number, depth: number): void {
    channel.hear(value, now, (lookers) => {
      for (const one of lookers) this.seen.set(one, Math.max(depth, this.seen.get(one) ?? 0));
    });
  }

  /** How a device is, from before; for one rule, or for all. It is no sign of life and no change. */
  seed({ device, word, ep, value }: Told, at: number, id?: string): void {
    const interest = this.#interests.of(device);
    if (interest === undefined) return;
    const reading = newReading(device, value, at);
    const key = keyOf(word, ep);
    for (const one of feedsOf(interest, word)) {
      const { rule, slot } = one;
      if ((id !== undefined && rule.id !== id) || slot.look.as === 'silence' || slot.look.as === 'change') continue;
      if (!isOfClass(slot.where, interest.facts, this.#devices)) continue;
      const target = this.#targetOf(one, interest, key, reading);
      if (target === undefined) continue;
      const { source } = target;
      if (source.reading !== reading && source.reading.value === value) continue;
      source.reading = reading;
      feed(slot, target.state, source, at);
    }
    interest.channels.clear();
  }

  /** A device that is to speak is there, and was not heard in this life. */
  expect(device: string, now: number): void {
    const interest = this.#interests.of(device);
    if (interest === undefined) return;
    const named = [...interest.byWord.values()].flat().filter(({ slot }) => slot.where?.device !== undefined);
    for (const one of [...interest.heard, ...named]) {
      const { slot } = one;
      if (slot.look.as !== 'silence' || !isOfClass(slot.where, interest.facts, this.#devices)) continue;
      const state = this.#placeOf(one, interest)?.state;
      if (state === undefined || [...state.sources.values()].some(({ reading }) => reading.device === device)) continue;
      const source = sourceIn(state, device, newReading(device, undefined, now));
      if (source !== undefined) feed(slot, state, source, now);
    }
  }

  /** What the registry says of a device, or of all, is asked anew. */
  forgetDevice(device: string | undefined): void {
    if (device === undefined) {
      this.#changed = undefined;
      this.#interests.forget();
    } else {
      this.#changed?.add(device);
      this.#interests.drop(device);
    }
  }

  /**
   * Takes out what is fed by devices that no longer fit, of those that were to be forgotten since the last time. Returns the
   * scopes that are gone.
   */
  reconcile(): readonly Instance[] {
    const changed = this.#changed;
    this.#changed = new Set();
    if (changed?.size === 0) return [];
    const gone: Instance[] = [];
    for (const state of this.#rules.values()) {
      const left = leaveOut(state, (device) => changed === undefined || changed.has(device), this.#devices);
      gone.push(...left.gone);
      for (const one of left.changed) this.seen.set(one, 0);
    }
    this.#scopes -= gone.length;
    if (changed === undefined) this.#interests.forget();
    else for (const device of changed) this.#interests.drop(device);
    return gone;
  }

  #targetOf(feeds: Feeds, interest: Interest, key: string, reading: Reading): Target | undefined {
    const place = this.#placeOf(feeds, interest);
    if (place === undefined) return undefined;
    const { device } = reading;
    // It was expected, under its own name, and is here.
    drop(place.state, device);
    const source = sourceIn(place.state, `${device}\n${key}`, reading);
    if (source !== undefined) return { slot: feeds.slot, source, ...place };
    tell('dropped', { stage: 'rules', reason: 'sources', count: 1 });
    return undefined;
  }

  /** Where a value of the device goes, and who looks at it there. A scope begins with the first value in it. */
  #placeOf({ rule, slot }: Feeds, { facts }: Interest): Pick<Target, 'state' | 'lookers'> | undefined {
    const state = this.#rules.get(rule.id);
    if (state === undefined) return undefined;
    if (slot.shared) {
      const shared = state.shared[slot.index];
      return shared && { state: shared, lookers: { [Symbol.iterator]: () => state.instances.values() } };
    }
    const scope = scopeOf(facts, rule.per);
    if (scope === undefined) return undefined;
    const { maxScopes, maxInAll } = scopeBounds;
    const place = instanceIn(state, scope, (known) => known < maxScopes && this.#scopes < maxInAll);
    if (place === undefined) {
      tell('dropped', { stage: 'rules', reason: 'scopes', count: 1 });
      return undefined;
    }
    const { instance, isNew } = place;
    if (isNew) {
      this.#scopes += 1;
      this.seen.set(instance, 0);
    }
    const own = instance.slots[slot.index];
    return own && { state: own, lookers: [instance] };
  }
}

const feedsOf = ({ byWord, heard }: Interest, word: string | undefined): readonly Feeds[] =>
  word === undefined ? heard : (byWord.get(word) ?? []);

/** As sources are kept under it: what is not told is empty. */
const keyOf = (word = '', ep = ''): string => `${word}\n${ep}`;
