import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Reading } from '../admission/language/read-contract.ts';
import { documentLimits } from '../admission/language/yaml-document.ts';
import { readBounded } from '../admission/read-bounded.ts';
import type { Config } from '../config/schema.ts';
import { contractShelves } from '../hosting/plugin-places.ts';
import { readRules } from '../rules/rule-folder.ts';
import { checkFile } from './check-files.ts';
import { fail, ok, systemCode, type Finding } from './finding.ts';

type Parse = (bytes: Uint8Array, file: string) => Reading<unknown>;

/** What the site wrote beside the configuration: the policy for plugins, contracts and rules. */
export async function checkDocuments(config: Config): Promise<Finding[]> {
  const found = await Promise.all([checkPolicy(config), checkContracts(config), checkRules(config)]);
  return found.flat();
}

async function checkPolicy({ plugins: { policy } }: Config): Promise<Finding[]> {
  if (policy === undefined) return [];
  const { readPolicy } = await import('../admission/language/read-contract.ts');
  return [await checkFile('plugins.policy', policy, () => readDocument(policy, 'plugins.policy', readPolicy))];
}

/** The site's own contracts; those of the gateway came with it. */
async function checkContracts(config: Config): Promise<Finding[]> {
  const [, folder = ''] = contractShelves(config);
  const names = await readdir(folder).catch(() => []);
  const contracts = names.filter((name) => name.endsWith('.contract.yaml')).toSorted();
  if (contracts.length === 0) return [];
  const { readContract } = await import('../admission/language/read-contract.ts');
  const mend = 'Mend the contract; until then its plugin is refused.';
  return Promise.all(
    contracts.map((name) => {
      const file = join(folder, name);
      return checkFile('contract', file, () => readDocument(file, 'contract', readContract), mend);
    }),
  );
}

async function readDocument(file: string, key: string, parse: Parse): Promise<void> {
  const bytes = await readBounded(file, documentLimits.bytes).catch((error: PortcullisError) => {
    const sentence = `${key}: ${file} cannot be read (${systemCode(error.cause)}).`;
    throw new PortcullisError('FILE_UNREADABLE', sentence, { cause: error });
  });
  const [wrong] = parse(bytes, file).violations ?? [];
  if (wrong === undefined) return;
  throw new PortcullisError('CONFIG_INVALID', `${key}: ${file}:${wrong.line ?? 1}: ${wrong.observed ?? wrong.code}.`);
}

async function checkRules({ dataDir, rules }: Config): Promise<Finding[]> {
  const folder = rules.dir ?? join(dataDir, 'rules');
  try {
    const read = await readRules(folder);
    const broken = read.flatMap((one) => (one.rule === undefined ? [one.problem.message] : []));
    const mend = 'Mend the rule, or remove its file; until then it does not run.';
    if (broken.length > 0) return broken.map((says) => fail('rule', says, mend));
    return read.length === 0 ? [] : [ok('rules', `${folder} has ${read.length}, each can be read`)];
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error;
    return [fail('rules', error.message, 'Mend the folder, or correct rules.dir.')];
  }
}
