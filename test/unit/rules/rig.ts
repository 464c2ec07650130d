import type { Rule, RuleDocument } from '../../../contracts/rule.ts';
import type { DeviceFacts, Devices } from '../../../gateway/rules/core/devices.ts';
import { RuleEngine, type Effect } from '../../../gateway/rules/core/engine.ts';
import type { Told } from '../../../gateway/rules/core/feeding.ts';
import type { Now } from '../../../gateway/rules/core/evaluate.ts';
import { compileRule } from '../../../gateway/rules/language/compile.ts';
import { ruleFrom } from '../../../gateway/rules/language/read-rule.ts';
import { toolsFor } from '../../../gateway/rules/language/tools.ts';
import type { Site } from '../../../gateway/rules/schedule/window.ts';
import { zoneOffsets } from '../../../gateway/lib/zone-time.ts';

export const berlin: Site = { offsetAt: zoneOffsets('Europe/Berlin'), latitude: 52.5, longitude: 13.4 };

interface PaperDevice {
  readonly room?: string;
  readonly tags?: readonly string[];
  readonly profile?: string;
  readonly reports?: readonly string[];
}

/** Devices that exist on paper, in rooms of one building. */
export function paperDevices(all: Readonly<Record<string, PaperDevice>>): Devices {
  const facts = (id: string): DeviceFacts | undefined => {
    const device = all[id];
    if (device === undefined) return undefined;
    const { room, tags = [], profile } = device;
    const house = { id: 'p0', kind: 'building', name: 'Home', path: 'Home' };
    const places =
      room === undefined ? [] : [house, { id: `p-${room}`, kind: 'room', name: room, path: `Home/${room}` }];
    return { id, name: id, profile, tags, places };
  };
  return {
    facts,
    *all() {
      for (const id of Object.keys(all).toSorted()) {
        const one = facts(id);
        if (one !== undefined) yield one;
      }
    },
    reports: (id, words) => words.some((word) => all[id]?.reports?.includes(word)),
    refresh: () => undefined,
  };
}

export async function compiled(document: RuleDocument | Rule, site: Site = berlin) {
  const rule = ruleFrom(document, 'test');
  return compileRule(rule, site, await toolsFor(rule));
}

/** An engine in virtual time: what happens is given with its second, and what fires is told as `<second> <scope> <from>→<to>`. */
export class Bench {
  readonly engine: RuleEngine;
  readonly fired: string[] = [];
  readonly effects: Effect[] = [];
  wallAtZero: number | undefined = Date.UTC(2026, 0, 15, 12);

  constructor(devices: Devices, lastFiring = 0) {
    this.engine = new RuleEngine(devices, lastFiring);
  }

  at(second: number): Now {
    const lived = Math.round(second * 1_000);
    return { lived, wall: this.wallAtZero === undefined ? undefined : this.wallAtZero + lived };
  }

  /** Lets time pass up to a second, with everything that falls due. */
  until(second: number): void {
    const end = this.at(second).lived;
    for (let due = this.engine.nextDue; due !== undefined && due <= end; due = this.engine.nextDue) {
      this.engine.advance(this.at(due / 1_000));
      this.#collect(due / 1_000);
    }
  }

  says(second: number, device: string, said: Readonly<Record<string, Told['value']>>, momentary = false): void {
    this.until(second - 0.001);
    const all = Object.entries(said).map(([word, value]) => ({ device, word, value, momentary }));
    this.engine.hear(device, all, this.at(second));
    this.#collect(second);
  }

  flag(second: number, name: string, on: boolean): void {
    this.until(second - 0.001);
    this.engine.setFlag(name, on, this.at(second));
    this.#collect(second);
  }

  look(second: number): void {
    this.engine.lookAtAll(this.at(second));
    this.#collect(second);
  }

  #collect(second: number): void {
    for (const effect of this.engine.takeEffects()) {
      this.effects.push(effect);
      const { rule, scope } = effect.instance;
      const name = (index: number): string => rule.cases[index]?.name ?? '-';
      if (effect.is === 'fired') this.fired.push(`${second} ${scope} ${name(effect.from)}→${name(effect.to)}`);
      if (effect.is === 'suspended') this.fired.push(`${second} ${scope} suspended`);
    }
  }
}

export async function bench(rules: readonly (RuleDocument | Rule)[], devices: Devices): Promise<Bench> {
  const one = new Bench(devices);
  for (const rule of rules) one.engine.add(await compiled(rule));
  return one;
}
