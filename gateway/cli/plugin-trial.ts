import { dirname, join, resolve } from 'node:path';
import { pino } from 'pino';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Admission } from '../admission/admit-plugins.ts';
import { checkPlugin } from '../admission/check-plugin.ts';
import type { Check, TextDocument } from '../admission/check-plugin.ts';
import { analysePlugin } from '../admission/code/analyse-plugin.ts';
import { staticShape } from '../admission/code/static-shape.ts';
import { contractOnShelf } from '../admission/find-contract.ts';
import { probeHost } from '../admission/host/probe.ts';
import { documentLimits } from '../admission/language/yaml-document.ts';
import type { Given } from '../admission/open-admission.ts';
import { providedModules } from '../admission/provided-modules.ts';
import { readBounded } from '../admission/read-bounded.ts';
import { admittedPlugin } from '../hosting/admitted-plugin.ts';
import type { AdmittedPlugin } from '../hosting/admitted-plugin.ts';
import type { CellPlan } from '../cells/options.ts';
import type { ContractDemands } from '../hosting/simulated-device.ts';
import type { Config } from '../config/schema.ts';
import { readGiven } from '../hosting/plugin-given.ts';
import { contractShelves } from '../hosting/plugin-places.ts';
import { pluginConfig } from '../stage-options.ts';
import type { FoundPlugin } from './plugin-found.ts';
import { openTrialFolder } from './trial-folder.ts';

/** What a cell needs to run a version once. The bytes are a copy that was checked and that goes away with the trial. */
export interface Trial extends AsyncDisposable {
  readonly plan: CellPlan;
  /** What its contract demands of the running module. */
  readonly demands: ContractDemands;
}

/** Why a version is not let in. */
export type RefusedTrial = Pick<AdmittedPlugin, 'name' | 'violations'> & { readonly version: string };

/**
 * Checks a plugin as the gateway would at its start, under `name`, and unpacks what is admitted into a folder of its
 * own. It writes no decision record: the one that counts is made when the gateway starts with it. Throws
 * PLUGIN_REFUSED with every reason, before a byte of the plugin has run, and FILE_UNREADABLE for documents.
 */
export async function openTrial(found: FoundPlugin, name: string, config: Config): Promise<Trial> {
  const given = (await readGiven(config, pino({ level: 'silent' }))).get(name);
  const check = await admit(found, name, { config, given });
  const at = foundIn(found, config);
  const { entry } = check;
  if (check.decision !== 'ADMIT' || entry === undefined) {
    throw refusal(found, await admittedPlugin({ name, folder: found.path, check }, at));
  }
  const shape = staticShape({ root: found.tree, entry, provided: providedModules(join(at, 'any')) });
  const trial = await openTrialFolder(found.tree);
  try {
    const admission: Admission = { name, folder: found.path, check, run: { folder: trial.stored, entry, shape } };
    const admitted = await admittedPlugin(admission, at);
    if (admitted.run === undefined) throw refusal(found, admitted);
    const plan = { name, ...admitted.run, config: pluginConfig(config)[name] ?? {} };
    const { demands } = admitted.run;
    return { plan, demands, [Symbol.asyncDispose]: () => trial[Symbol.asyncDispose]() };
  } catch (error) {
    await trial[Symbol.asyncDispose]();
    throw error;
  }
}

async function admit(
  found: FoundPlugin,
  name: string,
  { config, given }: { readonly config: Config; readonly given: Given | undefined },
): Promise<Check> {
  const shelves = contractShelves(config);
  const path = await contractOnShelf(name, shelves);
  if (path === undefined) {
    const places = shelves.join(' or ');
    throw new PortcullisError('PLUGIN_REFUSED', `PC-C101: there is no ${name}.contract.yaml in ${places}.`);
  }
  const { policy } = config.plugins;
  return checkPlugin({
    tree: found.tree,
    contract: await document(path),
    ...(policy === undefined ? {} : { policy: await document(policy) }),
    facts: probeHost(given ?? { env: new Map() }),
    provided: providedModules(join(foundIn(found, config), 'any')),
    analyse: analysePlugin,
    today: new Date().toISOString().slice(0, 10),
  });
}

async function document(file: string): Promise<TextDocument> {
  return { file, bytes: await readBounded(file, documentLimits.bytes) };
}

/** The folder that holds the plugin; a bundle is judged as if it lay where it will be switched on. */
function foundIn({ from, path }: FoundPlugin, { plugins }: Config): string {
  return from === 'bundle' && plugins.dir !== undefined ? plugins.dir : dirname(resolve(path));
}

function refusal({ version }: FoundPlugin, { name, violations }: AdmittedPlugin): PortcullisError {
  const reasons = violations.map(({ code, sentence, remedy }) => `\n  ${code} ${sentence} ${remedy}`).join('');
  const sentence = `${name} ${version} is refused and did not run.${reasons}`;
  const cause: RefusedTrial = { name, version, violations };
  return new PortcullisError('PLUGIN_REFUSED', sentence, { cause });
}

/** What a trial found; undefined for every other error. */
export function refusedTrial({ code, cause }: PortcullisError): RefusedTrial | undefined {
  const isOne = code === 'PLUGIN_REFUSED' && typeof cause === 'object' && cause !== null && 'violations' in cause;
  return isOne ? (cause as RefusedTrial) : undefined;
}
