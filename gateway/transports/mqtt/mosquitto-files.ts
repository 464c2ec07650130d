import { PortcullisError } from '../../../contracts/errors.ts';
import { mqttUser } from '../../../contracts/registry.ts';
import { readForeignHash } from '../../lib/foreign-hash.ts';
import { isTopicFilter } from '../../lib/topic-filter.ts';
import type { TakenUser } from './credentials.ts';

const bounds = { lines: 20_000, users: 2_000, filtersPerUser: 256, notes: 50 } as const;

export interface MosquittoSite {
  readonly users: readonly TakenUser[];
  /** What is not as it was, in sentences. */
  readonly notes: readonly string[];
}

interface Rule {
  readonly access: 'read' | 'write' | 'readwrite' | 'deny';
  readonly filter: string;
}
interface Acl {
  readonly ofUser: Map<string, Rule[]>;
  readonly patterns: Rule[];
}

const aclLine = /^(user|topic|pattern)\s+(.+)$/;
const access = /^(read|write|readwrite|deny)\s+(.+)$/;

/**
 * Reads Mosquitto's `password_file` with its `acl_file` behind it, in one text (mosquitto.conf(5), mosquitto_passwd(1)). Without rules in
 * it, `rights` says what the users may do: a name of a profile, or `everything`, as at a Mosquitto without rules. Keeps a hash that can
 * be checked here. Throws COMMAND_INVALID for what is no such file.
 */
export function readMosquitto(text: string, rights?: string): MosquittoSite {
  const lines = text.split(/\r?\n/);
  if (lines.length > bounds.lines) throw wrong(`A file has at most ${bounds.lines} lines.`);
  const notes = new Notes();
  const acl: Acl = { ofUser: new Map(), patterns: [] };
  const hashes = new Map<string, string>();
  let of: Rule[] | undefined;
  for (const [at, raw] of lines.entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, word, rest = ''] = aclLine.exec(line) ?? [];
    if (word === 'user') {
      acl.ofUser.set(rest, (of = acl.ofUser.get(rest) ?? []));
    } else if (word !== undefined) {
      const rule = ruleIn(rest);
      if (rule === undefined) throw wrong(`line ${at + 1}: "${rest.slice(0, 64)}" is no filter of topics.`);
      if (word === 'pattern') acl.patterns.push(rule);
      else if (of === undefined)
        notes.add('Rules for clients without a name are left out: nobody is let in without one.');
      else of.push(rule);
    } else {
      const colon = line.indexOf(':');
      if (colon < 1) throw wrong(`line ${at + 1} is neither of a password file nor of an access file of Mosquitto.`);
      hashes.set(line.slice(0, colon), line.slice(colon + 1));
    }
  }
  if (hashes.size === 0) throw wrong('There is no user in it. Send the password file, and the access file behind it.');
  if (hashes.size > bounds.users) throw wrong(`A file has at most ${bounds.users} users; split it.`);
  return { users: usersOf(hashes, acl, rights, notes), notes: notes.all() };
}

function usersOf(hashes: ReadonlyMap<string, string>, acl: Acl, rights: string | undefined, notes: Notes): TakenUser[] {
  const hasAcl = acl.ofUser.size > 0 || acl.patterns.length > 0;
  const all = { publish: ['#'], subscribe: ['#'] };
  const without = rights === 'everything' ? all : rights;
  if (!hasAcl && without === undefined) {
    throw wrong('It has no access rules. Say what these users may do: everything, or the name of a profile.');
  }
  if (hasAcl)
    notes.add(
      'A subscription that asks for more than a user may read is refused here; Mosquitto takes it and sends less.',
    );
  for (const user of acl.ofUser.keys())
    if (!hashes.has(user)) notes.add(`${user.slice(0, 64)} has rules but no password, and is left out.`);
  return [...hashes].flatMap(([user, hash]): TakenUser[] => {
    if (!mqttUser.safeParse(user).success) {
      notes.add(`${user.slice(0, 64)} is left out: a name here has letters, digits and . _ : - only.`);
      return [];
    }
    const own = hasAcl ? rightsFrom(user, [...(acl.ofUser.get(user) ?? []), ...acl.patterns], notes) : (without ?? all);
    return [{ user, rights: own, ...(readForeignHash(hash) !== undefined && { hash }) }];
  });
}

/** `topic` and `pattern` without a word before the filter are for both directions. */
function ruleIn(rest: string): Rule | undefined {
  const [, word, after] = access.exec(rest) ?? [];
  const filter = after ?? rest;
  return isTopicFilter(filter) ? { access: (word as Rule['access'] | undefined) ?? 'readwrite', filter } : undefined;
}

/** Rights here are allowed filters only, so what a denial touches is left out whole. */
function rightsFrom(user: string, rules: readonly Rule[], notes: Notes): Exclude<TakenUser['rights'], string> {
  const named = rules.map((rule) => ({ ...rule, filter: rule.filter.replaceAll('%u', () => user) }));
  const denied = named.filter((rule) => rule.access === 'deny').map(({ filter }) => filter);
  const allowed = (way: 'read' | 'write'): string[] => {
    const wanted = named.filter(({ access }) => access === way || access === 'readwrite').map(({ filter }) => filter);
    return [...new Set(wanted)]
      .filter((filter) => !isTouched(user, filter, denied, notes))
      .slice(0, bounds.filtersPerUser);
  };
  const rights = { publish: allowed('write'), subscribe: allowed('read') };
  if (rights.publish.length + rights.subscribe.length === 0) notes.add(`${user} may do nothing: no rule allows it.`);
  return rights;
}

function isTouched(user: string, filter: string, denied: readonly string[], notes: Notes): boolean {
  if (filter.startsWith('$')) {
    notes.add(`${user}: ${filter} is left out; topics with $ are not for devices here.`);
    return true;
  }
  const by = denied.find((one) => meet(one, filter));
  if (by !== undefined) notes.add(`${user}: ${filter} is left out, because ${by} is denied and lies in it.`);
  return by !== undefined;
}

/** Whether a topic may match both filters. */
function meet(one: string, other: string): boolean {
  const [a, b] = [one.split('/'), other.split('/')];
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    if (a[at] === '#' || b[at] === '#') return true;
    if (a[at] === undefined || b[at] === undefined) return false;
    if (a[at] !== b[at] && a[at] !== '+' && b[at] !== '+') return false;
  }
  return true;
}

/** Told once each, and not without end. */
class Notes {
  readonly #sentences = new Set<string>();

  add(sentence: string): void {
    if (this.#sentences.size < bounds.notes) this.#sentences.add(sentence.replaceAll(/\p{C}/gu, '?'));
  }

  all(): string[] {
    return [...this.#sentences];
  }
}

const wrong = (sentence: string): PortcullisError => new PortcullisError('COMMAND_INVALID', sentence);
