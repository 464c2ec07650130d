import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { stringify } from 'yaml';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Rule } from '../../contracts/rule.ts';
import { atomicWrite } from '../lib/atomic-write.ts';
import { readRule } from './language/read-rule.ts';

/** A rule from a file, or what is wrong with it. */
export type ReadRule =
  | { readonly id: string; readonly rule: Rule }
  | { readonly id: string; readonly rule: undefined; readonly problem: PortcullisError };

const suffix = '.yaml';
/** Rules of a site. */
export const maxRules = 2_000;

/** Every rule of a folder, in the order of their names; none where there is no folder. */
export async function readRules(folder: string): Promise<ReadRule[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new PortcullisError('FILE_UNREADABLE', `The folder of rules ${folder} cannot be read.`, { cause: error });
  });
  const files = names.filter((name) => name.endsWith(suffix) && !name.startsWith('.')).toSorted();
  if (files.length > maxRules) {
    throw new PortcullisError('CONFIG_INVALID', `${folder} has more than ${maxRules} rules.`);
  }
  const rules: ReadRule[] = [];
  for (const name of files) rules.push(await readOne(folder, name));
  return rules;
}

async function readOne(folder: string, name: string): Promise<ReadRule> {
  const id = basename(name, suffix);
  try {
    const rule = readRule(await readFile(join(folder, name), 'utf8'), name);
    if (rule.id === id) return { id, rule };
    throw new PortcullisError('CONFIG_INVALID', `${name} has the rule ${rule.id}: a file is named after its rule.`);
  } catch (error) {
    if (error instanceof PortcullisError) return { id, rule: undefined, problem: error };
    const problem = new PortcullisError('FILE_UNREADABLE', `${name} cannot be read.`, { cause: error });
    return { id, rule: undefined, problem };
  }
}

export async function writeRule(folder: string, rule: Rule): Promise<void> {
  await atomicWrite(join(folder, `${rule.id}${suffix}`), stringify(rule));
}

export async function removeRule(folder: string, id: string): Promise<void> {
  await rm(join(folder, `${id}${suffix}`), { force: true });
}
