import { commandWords } from '../../contracts/command-words.ts';
import type { RuleAction } from '../../contracts/rule.ts';
import type { CompiledRule, Node, Slot, Value } from './compiled.ts';
import { isChosen, scopeOf, type Devices } from './core/devices.ts';
import { targetsOf } from './deeds.ts';

/** What a rule sets: a word of a device, or a flag. */
interface Sets {
  readonly word: string;
  readonly device: string;
  readonly value: Value | undefined;
}

/** Comparisons of what is set with what is asked for; where there are more, the bounds of a run have to do. */
const mostChecks = 200_000;

/**
 * The circles in which rules drive each other, as far as it can be seen from what is registered now: a rule leads to another
 * when it sets, on a device or a flag, what the other asks for, to a value that the other waits for. What cannot be seen is held by
 * the bounds of a run.
 */
export function loopsOf(rules: readonly CompiledRule[], devices: Devices): string[][] {
  return circlesIn(leadsOf(rules, devices));
}

/** The shortest circle through a rule; undefined when there is none. */
export function circleThrough(id: string, rules: readonly CompiledRule[], devices: Devices): string[] | undefined {
  const leads = leadsOf(rules, devices);
  const ways: string[][] = [[id]];
  const seen = new Set<string>();
  for (const way of ways) {
    for (const next of leads.get(way.at(-1) ?? id) ?? []) {
      if (next === id) return turned(way);
      if (!seen.has(next)) ways.push([...way, next]);
      seen.add(next);
    }
  }
  return undefined;
}

/** Which rules each rule drives. */
function leadsOf(rules: readonly CompiledRule[], devices: Devices): Map<string, string[]> {
  const askers = new Map<string, CompiledRule[]>();
  for (const rule of rules) {
    const asked = [...rule.slots.flatMap(({ words = [] }) => words), ...[...rule.flags].map((flag) => `flag ${flag}`)];
    for (const word of new Set(asked)) askers.set(word, [...(askers.get(word) ?? []), rule]);
  }
  const leads = new Map<string, string[]>();
  let checks = 0;
  for (const rule of rules) {
    const next = new Set<string>();
    for (const one of setsOf(rule, devices, askers)) {
      for (const other of askers.get(one.word) ?? []) {
        checks += 1;
        if (checks > mostChecks) break;
        if (!next.has(other.id) && asksFor(other, one, devices)) next.add(other.id);
      }
    }
    if (next.size > 0) leads.set(rule.id, [...next]);
  }
  return leads;
}

const anyValue = undefined;

function setsOf(rule: CompiledRule, devices: Devices, asked: { has(word: string): boolean }): Sets[] {
  const actions = [...rule.cases.flatMap(({ actions }) => actions), ...rule.otherwise];
  return actions.flatMap((action): Sets[] => {
    if (action.flag !== undefined) return [{ word: `flag ${action.flag}`, device: '', value: action.set === true }];
    const words = Object.entries((action.command && commandWords[action.command]) || {});
    const told = words.filter(([arg, word]) => action.args?.[arg] !== undefined && asked.has(word));
    if (told.length === 0) return [];
    return reachOf(rule, action, devices).flatMap((device) =>
      told.map(([arg, word]) => ({ word, device, value: action.args?.[arg] ?? anyValue })),
    );
  });
}

/** The devices that an action may reach, in whatever scope. */
function reachOf(rule: CompiledRule, action: RuleAction, devices: Devices): string[] {
  if (action.to?.anywhere === true || rule.per === 'house') return targetsOf(action, { rule, scope: 'house' }, devices);
  const found = new Set<string>();
  for (const facts of devices.all()) {
    if (scopeOf(facts, rule.per) !== undefined && isChosen(action.to, facts, devices)) found.add(facts.id);
  }
  return [...found];
}

function asksFor({ rule, cases, otherwise }: CompiledRule, set: Sets, devices: Devices): boolean {
  // Of several cases, and with something to do when it is over, each change may matter.
  const anyChange = rule.choose !== undefined || otherwise.length > 0;
  return cases.some(
    ({ when }) => when !== undefined && asks(when, anyChange ? { ...set, value: anyValue } : set, devices),
  );
}

function asks(node: Node, set: Sets, devices: Devices): boolean {
  const { word, value } = set;
  switch (node.op) {
    case 'all':
    case 'any':
      return node.of.some((one) => asks(one, set, devices));
    case 'not':
      return asks(node.of, { ...set, value: anyValue }, devices);
    case 'flag':
      return word === `flag ${node.flag}` && (value === anyValue || value === node.is);
    case 'slot':
      return reads(node.slot, set, devices) && (value === anyValue || mayMeet(node.slot, value));
    case 'expression':
      return node.names.some(([, slot]) => reads(slot, set, devices));
    default:
      return false;
  }
}

function reads(slot: Slot, { word, device }: Sets, devices: Devices): boolean {
  if (slot.words?.includes(word) !== true) return false;
  const facts = devices.facts(device);
  return facts !== undefined && isChosen(slot.where, facts, devices);
}

function mayMeet({ look }: Slot, value: Value): boolean {
  if (look.as === 'equal') return look.fits(value);
  if (look.as === 'level') return typeof value === 'number' && look.sign * (value - look.at) > 0;
  return true;
}

/** The same circle from its first id on. */
function turned(circle: readonly string[]): string[] {
  const first = circle.indexOf(circle.toSorted()[0] ?? '');
  return [...circle.slice(first), ...circle.slice(0, first)];
}

/** Circles of a graph, each once, from its first id: at least one where there is any. */
function circlesIn(leads: ReadonlyMap<string, readonly string[]>): string[][] {
  const found = new Map<string, string[]>();
  const done = new Set<string>();
  const walk = (id: string, path: readonly string[]): void => {
    const at = path.indexOf(id);
    if (at >= 0) {
      const circle = turned(path.slice(at));
      found.set(circle.join(' '), circle);
      return;
    }
    if (done.has(id)) return;
    for (const next of leads.get(id) ?? []) walk(next, [...path, id]);
    done.add(id);
  };
  for (const id of leads.keys()) walk(id, []);
  return [...found.values()];
}
