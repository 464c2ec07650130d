import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Logger } from 'pino';
import { PortcullisError } from '../../contracts/errors.ts';
import { systemClock } from '../lib/clock.ts';
import type { Clock } from '../lib/clock.ts';
import type { ExpectedShape } from '../lib/live-shape.ts';
import { tell } from '../observability/channels.ts';
import { bundleSuffix, readBundle } from './bundle/bundle.ts';
import { checkPlugin, manifestName } from './check-plugin.ts';
import type { Check, TextDocument } from './check-plugin.ts';
import { decide } from './decide.ts';
import { contractOnShelf } from './find-contract.ts';
import type { HostFacts } from './host/facts.ts';
import { documentLimits } from './language/yaml-document.ts';
import { readBounded } from './read-bounded.ts';
import type { DecisionLog } from './record/decision-log.ts';
import { analysisKey, decisionRecord } from './record/decision-record.ts';
import { shownViolations } from './report/subject.ts';
import { compareText, readSourceTree, treeHash, treeLimits } from './source-tree.ts';
import type { Store } from './store.ts';
import type { AnalysePlugin, AnalysisInput, Origin, ProvidedModule, SourceTree } from './types.ts';
import { violation } from './violation.ts';

export interface AdmitOptions {
  /** Folders that hold `<name>.contract.yaml`; the first hit counts. What a plugin folder brings itself is not asked. */
  readonly contracts: readonly string[];
  /** HostPolicy file of the site. */
  readonly policy?: string | undefined;
  /** Of all plugins of the folder; the site's when left out. */
  readonly origin?: Origin;
  /** What the host gives to one plugin: its own variables and secrets among them. */
  readonly facts: (plugin: string) => HostFacts;
  readonly provided?: readonly ProvidedModule[];
  readonly analyse: AnalysePlugin;
  /** What the source says about the module that will be loaded; without it nothing is known of that. */
  readonly shapeOf?: (input: Omit<AnalysisInput, 'contract' | 'profile'>) => Promise<ExpectedShape>;
  /** Digest of the checker: with it, and with `records`, code that was analysed without a finding is not parsed again. */
  readonly engine?: string;
  readonly store?: Store;
  readonly records?: DecisionLog;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** One plugin at the door. `run` is there only for an admitted one. */
export interface Admission {
  /** Name of the plugin's folder, or of its bundle without the version. */
  readonly name: string;
  readonly folder: string;
  readonly check: Check;
  /** Hex SHA-256 of the tree. */
  readonly tree?: string;
  /** Where the checked bytes are, and the entry file in it. Without a store it is the plugin's own folder; a bundle needs a store. */
  readonly run?: {
    readonly folder: string;
    readonly entry: string;
    /** What was seen in the source; the live module is held to it. */
    readonly shape?: ExpectedShape | undefined;
  };
}

/**
 * Checks every plugin folder and bundle in `folder`, in the order of names, stores what is admitted and records every decision.
 * A plugin that is refused keeps no other from being admitted; refusals are logged and raise an alarm. Throws
 * PortcullisError (FILE_UNREADABLE) only when `folder`, the policy or the decision log cannot be used.
 */
export async function admitPlugins(folder: string, options: AdmitOptions): Promise<readonly Admission[]> {
  const policy = options.policy === undefined ? undefined : await document(options.policy);
  const admissions: Admission[] = [];
  for (const found of await candidates(folder)) {
    if (found.isBundle && !options.store) {
      options.log.warn({ plugin: found.name }, 'a bundle was left out: there is no store to unpack it into');
      continue;
    }
    const admission = await admit({ ...found, policy }, options);
    announce(admission, options.log);
    admissions.push(admission);
  }
  return admissions;
}

/** Folders and bundles; a link would be another folder tomorrow. Names with a dot in front are not plugins. */
async function candidates(folder: string): Promise<readonly Omit<Candidate, 'policy'>[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const found = entries
      .sort((a, b) => compareText(a.name, b.name))
      .map(async (entry) => {
        const path = join(folder, entry.name);
        if (entry.name.startsWith('.')) return undefined;
        if (entry.isFile() && entry.name.endsWith(bundleSuffix)) return bundleCandidate(path);
        if (!entry.isDirectory() || !(await isPlugin(path))) return undefined;
        return { name: entry.name, folder: path, isBundle: false, read: () => readSourceTree(path) };
      });
    return (await Promise.all(found)).filter((one) => one !== undefined);
  } catch (error) {
    throw new PortcullisError(
      'FILE_UNREADABLE',
      `The plugin folder ${folder} cannot be read. Make it, or correct plugins.dir.`,
      { cause: error },
    );
  }
}

/** A bundle is called by its file name without version, which is how its contract is found. */
function bundleCandidate(path: string): Omit<Candidate, 'policy'> {
  const name = basename(path, bundleSuffix).replace(/-\d+\.\d+\.\d+.*$/, '');
  return {
    name,
    folder: path,
    isBundle: true,
    read: async () => readBundle(await readBounded(path, treeLimits.bytes)),
  };
}

/** A folder without manifest and package.json is no plugin but something that lies beside them. */
async function isPlugin(folder: string): Promise<boolean> {
  const names = await readdir(folder);
  return names.includes(manifestName) || names.includes('package.json');
}

async function document(file: string): Promise<TextDocument> {
  return { file, bytes: await readBounded(file, documentLimits.bytes) };
}

interface Candidate {
  readonly name: string;
  /** The folder, or the bundle's file. */
  readonly folder: string;
  readonly isBundle: boolean;
  readonly read: () => Promise<SourceTree>;
  readonly policy: TextDocument | undefined;
}

async function admit(candidate: Candidate, options: AdmitOptions): Promise<Admission> {
  const { name, folder, policy } = candidate;
  const clock = options.clock ?? systemClock;
  const started = clock.monoMs();
  const now = new Date(clock.wallMs());
  const today = now.toISOString().slice(0, 10);
  const refuse = (problem: Parameters<typeof violation>): Admission => ({
    name,
    folder,
    check: { ...decide([violation(...problem)], { enforcement: {}, today }), grants: [] },
  });
  let tree: SourceTree;
  let contract: TextDocument;
  try {
    const path = await contractOnShelf(name, options.contracts);
    if (path === undefined) return refuse(['PC-C101', '', { subject: name, observed: 'no contract for this plugin' }]);
    contract = await document(path);
    tree = await candidate.read();
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error;
    return refuse(['PC-S001', '', { subject: name, observed: error.message }]);
  }
  const facts = options.facts(name);
  const { engine, origin = 'site', provided = [], records } = options;
  const hash = treeHash(tree);
  const key = analysisKey({
    engine: engine ?? '',
    tree: hash,
    contract: contract.bytes,
    policy: policy?.bytes,
    provided,
    facts,
  });
  const known = engine === undefined ? undefined : records?.foundNothing(name, key);
  const reused = known !== undefined;
  const analyse: AnalysePlugin = reused ? () => Promise.resolve([]) : options.analyse;
  const check = await checkPlugin({ tree, contract, policy, origin, facts, analyse, provided, today });
  const admitted = check.decision === 'ADMIT' && check.entry !== undefined ? { entry: check.entry } : undefined;
  const shape = admitted && (known?.shape ?? (await options.shapeOf?.({ root: tree, ...admitted, provided })));
  const record = decisionRecord({
    name,
    origin,
    at: now,
    check,
    tree: hash,
    contract,
    policy: policy?.bytes,
    lock: tree.files.get('package-lock.json'),
    facts,
    timings: { checkMs: Math.round(clock.monoMs() - started) },
    analysis: { key, reused, shape },
  });
  await records?.append(record);
  if (admitted === undefined) return { name, folder, check, tree: hash };
  const stored = options.store ? await options.store.put(tree) : folder;
  return { name, folder, check, tree: hash, run: { folder: stored, ...admitted, shape } };
}

function announce({ name, check, tree }: Admission, log: Logger): void {
  const refused = check.decision !== 'ADMIT';
  const violations = shownViolations(check).filter(({ severity }) => severity === 'error');
  const [worst] = violations;
  const detail = worst ? `${worst.code} ${worst.subject ?? worst.path}: ${worst.remedy}` : '';
  tell('alarm', { code: 'plugin_refused', subject: name, active: refused, detail });
  if (!refused) log.info({ plugin: name, tree }, 'plugin admitted');
  else {
    tell('rejected', { stage: 'admission', reason: worst?.code ?? 'PC-C199', count: 1 });
    log.error({ plugin: name, tree, violations }, `plugin refused: ${detail}`);
  }
}
