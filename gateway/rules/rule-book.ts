import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Rule } from '../../contracts/rule.ts';
import { tell } from '../observability/channels.ts';
import type { CompiledRule } from './compiled.ts';
import { compileRule } from './language/compile.ts';
import { toolsFor } from './language/tools.ts';
import type { RuleOptions } from './options.ts';
import { maxRules, readRules, removeRule, writeRule, type ReadRule } from './rule-folder.ts';

/** A rule of the book. `compiled` is undefined for one that is not valid; `problem` says why. */
export interface RuleEntry {
  readonly id: string;
  readonly from: 'shipped' | 'own';
  readonly rule: Rule | undefined;
  readonly compiled: CompiledRule | undefined;
  readonly problem: string | undefined;
  /** What the rule itself says, until a person says otherwise. */
  enabled: boolean;
}

/** All rules: those that come with the product, and the site's own, which replace one of the same id. */
export interface RuleBook {
  get(id: string): RuleEntry | undefined;
  all(): Iterable<RuleEntry>;
  readonly size: number;
  compile(rule: Rule): Promise<CompiledRule>;
  /** Writes the rule's file. Throws REGISTRY_FULL. */
  put(rule: Rule, compiled: CompiledRule): Promise<RuleEntry>;
  /** Removes the file; the shipped rule of that id, where there is one, is back. Throws NOT_ALLOWED for a shipped rule. */
  remove(id: string): Promise<RuleEntry | undefined>;
}

const shippedFolder = join(import.meta.dirname, 'shipped');

export async function openRuleBook({ folder, site }: RuleOptions): Promise<RuleBook> {
  const entries = new Map<string, RuleEntry>();
  const shipped = new Map<string, RuleEntry>();
  const compile = async (rule: Rule): Promise<CompiledRule> => compileRule(rule, site, await toolsFor(rule));
  const enter = async (read: ReadRule, from: RuleEntry['from']): Promise<RuleEntry> => {
    const { id, rule } = read;
    if (rule === undefined)
      return { id, from, rule, compiled: undefined, problem: read.problem.message, enabled: false };
    try {
      return { id, from, rule, compiled: await compile(rule), problem: undefined, enabled: rule.enabled };
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error;
      return { id, from, rule, compiled: undefined, problem: error.message, enabled: false };
    }
  };
  const tellProblem = ({ id, problem }: RuleEntry): void => {
    const detail = problem ?? `The rule ${id} is valid.`;
    tell('alarm', { code: 'rule-invalid', subject: id, active: problem !== undefined, detail });
  };

  for (const one of await readRules(shippedFolder)) {
    const entry = await enter(one, 'shipped');
    shipped.set(one.id, entry);
    entries.set(one.id, entry);
  }
  for (const one of await readRules(folder)) {
    const entry = await enter(one, 'own');
    entries.set(one.id, entry);
    if (entry.problem !== undefined) tellProblem(entry);
  }

  return {
    get: (id) => entries.get(id),
    all: () => entries.values(),
    get size() {
      return entries.size;
    },
    compile,
    async put(rule, compiled) {
      if (!entries.has(rule.id) && entries.size >= maxRules) {
        throw new PortcullisError('REGISTRY_FULL', `There are ${maxRules} rules: remove one first.`);
      }
      await mkdir(folder, { recursive: true });
      await writeRule(folder, rule);
      const entry: RuleEntry = { id: rule.id, from: 'own', rule, compiled, problem: undefined, enabled: rule.enabled };
      entries.set(rule.id, entry);
      tellProblem(entry);
      return entry;
    },
    async remove(id) {
      if (entries.get(id)?.from === 'shipped') {
        throw new PortcullisError('NOT_ALLOWED', `The rule ${id} comes with the product: switch it off instead.`);
      }
      await removeRule(folder, id);
      entries.delete(id);
      tellProblem({ id, from: 'own', rule: undefined, compiled: undefined, problem: undefined, enabled: false });
      const back = shipped.get(id);
      if (back !== undefined) entries.set(id, back);
      return back;
    },
  };
}

export function isOn(entry: RuleEntry | undefined): entry is RuleEntry & { readonly compiled: CompiledRule } {
  return entry?.compiled !== undefined && entry.enabled;
}

/** The print of a rule, by which its kept scopes are known again. */
export function printed(entry: RuleEntry | undefined): string {
  return entry?.rule === undefined ? '' : printOf(entry.rule);
}

/** Changes when a rule would do something else: what was kept of its scopes is then no longer meant. */
export function printOf({ name: _name, description: _text, enabled: _enabled, ...rest }: Rule): string {
  return createHash('sha256').update(JSON.stringify(rest)).digest('hex').slice(0, 16);
}
