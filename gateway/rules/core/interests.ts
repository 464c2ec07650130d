import type { CompiledRule, Slot } from '../compiled.ts';
import type { Channel } from './channel.ts';
import { fits, listOf, scopeOf, type DeviceFacts, type Devices } from './devices.ts';

/** A slot of a rule that a device may feed. */
export interface Feeds {
  readonly rule: CompiledRule;
  readonly slot: Slot;
}

/** What rules want to hear of one device. */
export interface Interest {
  readonly facts: DeviceFacts;
  readonly byWord: ReadonlyMap<string, readonly Feeds[]>;
  /** Any message at all. */
  readonly heard: readonly Feeds[];
  /** The words that it spoke, each where it leads to. */
  readonly channels: Map<string, Channel>;
}

/** Slots by the devices that they name, so that a rule for one device costs nothing at the others. */
interface Index {
  readonly named: ReadonlyMap<string, readonly Ranked[]>;
  readonly broad: readonly Ranked[];
}
/** Its place among all slots of all rules: what is looked at first does not hang on how it was found. */
interface Ranked extends Feeds {
  readonly rank: number;
}

/** Lists are shared by devices that are alike, so that a thousand devices do not hold a thousand copies. */
export class Interests {
  readonly #shared = new Map<string, Pick<Interest, 'byWord' | 'heard'>>();
  readonly #byDevice = new Map<string, Interest>();
  readonly #rules: () => Iterable<CompiledRule>;
  readonly #devices: Pick<Devices, 'facts'>;
  #index: Index | undefined;

  constructor(rules: () => Iterable<CompiledRule>, devices: Pick<Devices, 'facts'>) {
    this.#rules = rules;
    this.#devices = devices;
  }

  of(device: string): Interest | undefined {
    const known = this.#byDevice.get(device);
    if (known !== undefined) return known;
    const facts = this.#devices.facts(device);
    if (facts === undefined) return undefined;
    const interest: Interest = { facts, ...this.#listsFor(facts), channels: new Map() };
    this.#byDevice.set(device, interest);
    return interest;
  }

  drop(device: string): void {
    this.#byDevice.delete(device);
  }

  /** Devices or places changed. */
  forget(): void {
    this.#byDevice.clear();
  }

  /** The rules changed. */
  reset(): void {
    this.#index = undefined;
    this.#shared.clear();
    this.#byDevice.clear();
  }

  #listsFor(facts: DeviceFacts): Pick<Interest, 'byWord' | 'heard'> {
    const { named, broad } = (this.#index ??= indexOf(this.#rules()));
    const own = named.get(facts.id);
    const all = own === undefined ? broad : [...broad, ...own].toSorted((one, other) => one.rank - other.rank);
    const feeds = all.filter(
      ({ rule, slot }) => (slot.shared || scopeOf(facts, rule.per) !== undefined) && fits(slot.where, facts),
    );
    const signature = feeds.map(({ rank }) => rank).join(' ');
    let lists = this.#shared.get(signature);
    if (lists === undefined) {
      lists = listsOf(feeds);
      this.#shared.set(signature, lists);
    }
    return lists;
  }
}

function listsOf(feeds: readonly Feeds[]): Pick<Interest, 'byWord' | 'heard'> {
  const byWord = new Map<string, Feeds[]>();
  for (const one of feeds) {
    for (const word of new Set(one.slot.words)) {
      const those = byWord.get(word);
      if (those === undefined) byWord.set(word, [one]);
      else those.push(one);
    }
  }
  return { byWord, heard: feeds.filter(({ slot }) => slot.words === undefined) };
}

function indexOf(rules: Iterable<CompiledRule>): Index {
  const named = new Map<string, Ranked[]>();
  const broad: Ranked[] = [];
  let rank = 0;
  for (const rule of rules) {
    for (const slot of rule.slots) {
      const one = { rule, slot, rank: rank++ };
      const devices = listOf(slot.where?.device);
      if (devices === undefined) broad.push(one);
      for (const device of new Set(devices)) {
        const those = named.get(device);
        if (those === undefined) named.set(device, [one]);
        else those.push(one);
      }
    }
  }
  return { named, broad };
}
