import type { Contract, Manifest, Policy, Sourced } from './contract.ts';
import { decide } from './decide.ts';
import type { Decision } from './decide.ts';
import { matchDeployment } from './host/deployments.ts';
import { checkEnvironment } from './host/environment.ts';
import type { HostFacts } from './host/facts.ts';
import type { EnvironmentRule } from './language/grammar-host.ts';
import { checkIdentity, entryOf, packageIdentity } from './identity.ts';
import { checkIntegrity } from './integrity/check-integrity.ts';
import { readContract, readManifest, readPolicy } from './language/read-contract.ts';
import type { Reading } from './language/read-contract.ts';
import { checkLayers, effectiveImports } from './layering.ts';
import { effectiveGrants } from './permissions/effective.ts';
import type { EffectiveGrants } from './permissions/effective.ts';
import { checkEnforcement } from './permissions/enforcement.ts';
import type { Grant } from './permissions/enforcement.ts';
import type {
  AnalysePlugin,
  CodeContract,
  ExportsRule,
  Origin,
  ProvidedModule,
  SourceTree,
  Violation,
} from './types.ts';
import { violation } from './violation.ts';

/** The vendor's claims, inside the package. */
export const manifestName = 'plugin.yaml';

export interface TextDocument {
  /** How reports call it. */
  readonly file: string;
  readonly bytes: Uint8Array;
}

export interface CheckInput {
  readonly tree: SourceTree;
  readonly contract: TextDocument;
  readonly policy?: TextDocument | undefined;
  readonly origin?: Origin | undefined;
  readonly facts: HostFacts;
  readonly provided?: readonly ProvidedModule[] | undefined;
  readonly analyse: AnalysePlugin;
  /** Today as YYYY-MM-DD in UTC, for waivers. */
  readonly today: string;
}

/** A decision with what it was taken on. The parts are absent where the documents could not be read. */
export interface Check extends Decision {
  readonly entry?: string;
  readonly package?: { readonly name?: string | undefined; readonly version?: string | undefined };
  readonly contract?: Sourced<Contract>;
  readonly manifest?: Sourced<Manifest>;
  readonly policy?: Sourced<Policy>;
  readonly grants: readonly Grant[];
  /** What the broker of handles holds the plugin to; only of an admitted one. */
  readonly effective?: EffectiveGrants;
}

/**
 * Everything that is checked before a plugin may load, in one pass, with every violation reported. Runs no byte of
 * the plugin and touches no file: the tree was read before. Never throws for what plugin or documents contain; a
 * fault of the checker itself becomes PC-C199 and never an admission.
 */
export async function checkPlugin(input: CheckInput): Promise<Check> {
  const contract = readContract(input.contract.bytes, input.contract.file);
  const manifestBytes = input.tree.files.get(manifestName);
  const manifest = manifestBytes && readManifest(manifestBytes, manifestName);
  const policy = input.policy && readPolicy(input.policy.bytes, input.policy.file);
  const wrong = [contract, manifest, policy].flatMap((one) => problemsOf(one));
  if (wrong.length > 0 || !contract.document) {
    return { ...decide(wrong, { enforcement: {}, today: input.today }), grants: [] };
  }
  const documents = { contract: contract.document, ...sourced('manifest', manifest), ...sourced('policy', policy) };
  return checkAgainst(input, documents);
}

function problemsOf(reading: Reading<unknown> | undefined): readonly Violation[] {
  return reading?.violations ?? [];
}

function sourced<Name extends string, T>(
  name: Name,
  reading: Reading<T> | undefined,
): Partial<Record<Name, Sourced<T>>> {
  return reading?.document ? ({ [name]: reading.document } as Record<Name, Sourced<T>>) : {};
}

interface Documents {
  readonly contract: Sourced<Contract>;
  readonly manifest?: Sourced<Manifest>;
  readonly policy?: Sourced<Policy>;
}

async function checkAgainst(input: CheckInput, documents: Documents): Promise<Check> {
  const { tree, facts } = input;
  const contract = documents.contract.value;
  const manifest = documents.manifest?.value;
  const policy = input.origin === 'shipped' ? ofShipped(documents.policy?.value) : documents.policy?.value;
  const identity = packageIdentity(tree);
  const host = checkHost(contract, facts);
  const entry = entryOf(tree, contract, manifest);
  const effective = effectiveGrants({ contract, manifest, policy, deployed: host.environment });
  const { device, exports } = contract;
  const enforcement = checkEnforcement({ ...effective, device, exports }, facts);
  const layers = {
    ...(manifest ? { manifest } : {}),
    ...(policy ? { policy } : {}),
    ...(identity?.name === undefined ? {} : { packageName: identity.name }),
  };
  const code = await analyseCode(input, { contract, manifest, entry, overlay: host.overlay });
  const found = [
    ...checkIntegrity(tree, contract, { facts, ...(policy ? { policy } : {}) }),
    ...checkIdentity(tree, contract),
    ...host.violations,
    ...checkLayers(contract, layers),
    ...enforcement.violations,
    ...code,
  ];
  const bending = policy?.enforcement?.waivers === 'deny' ? {} : contract.enforcement;
  const decision = decide(found, { enforcement: bending, positions: documents.contract.positions, today: input.today });
  return {
    ...decision,
    entry,
    package: { name: identity?.name, version: identity?.version },
    ...documents,
    ...(decision.decision === 'ADMIT' ? { grants: enforcement.grants, effective } : { grants: [] }),
  };
}

/** What came with the gateway was signed with it, so the names and signatures that a policy wants are vendors'; its bounds hold. */
function ofShipped(policy: Policy | undefined): Policy | undefined {
  return policy && { ...policy, plugin: undefined, integrity: undefined };
}

/** The host against the deployments, and the environment of the alternative that matches. */
function checkHost(
  contract: Contract,
  facts: HostFacts,
): {
  readonly violations: readonly Violation[];
  readonly overlay: readonly ExportsRule[];
  /** Of the deployment that matches. */
  readonly environment?: EnvironmentRule | undefined;
} {
  const own = contract.environment ? checkEnvironment(contract.environment, facts, 'environment') : [];
  if (!contract.deployments) return { violations: own, overlay: [] };
  const result = matchDeployment(contract.deployments, facts);
  if ('miss' in result) {
    const { path, expected, observed } = result.miss;
    const nearest = violation('PC-H104', path, {
      subject: path,
      expected,
      observed,
      remedy: `The nearest deployment wants ${expected}, this host has ${observed}.`,
    });
    return { violations: [...own, nearest], overlay: [] };
  }
  const { deployment, system } = result.match;
  const path = `host.deployments[${deployment}].systems[${system?.index ?? 0}].environment`;
  const theirs = system?.rule.environment ? checkEnvironment(system.rule.environment, facts, path) : [];
  const overlay = contract.overlays
    .filter((one) => one.deployment === deployment && one.system === system?.index)
    .flatMap((one) => one.exports);
  return { violations: [...own, ...theirs], overlay, environment: system?.rule.environment };
}

async function analyseCode(
  input: CheckInput,
  {
    contract,
    manifest,
    entry,
    overlay,
  }: { contract: Contract; manifest: Manifest | undefined; entry: string; overlay: readonly ExportsRule[] },
): Promise<readonly Violation[]> {
  const code: CodeContract = {
    profile: contract.profile,
    plugin: contract.plugin,
    types: contract.types,
    exports: withOverlay(contract.exports, overlay),
    imports: effectiveImports(contract.imports, manifest?.imports),
  };
  try {
    const { provided } = input;
    const subject = { root: input.tree, entry, provided };
    const found = await input.analyse({ ...subject, contract: code, profile: contract.profile });
    if (manifest?.exports === undefined) return found;
    const { profile, types, exports } = manifest;
    const claims: CodeContract = { profile, plugin: contract.plugin, types, exports, imports: undefined };
    return [...found, ...claimsNotKept(await input.analyse({ ...subject, contract: claims, profile }))];
  } catch {
    // Whatever it was, its text may hold parts of the plugin, and a checker that failed has admitted nothing.
    return [violation('PC-C199', '', { observed: 'the analysis of the code failed; details are withheld' })];
  }
}

/** What the manifest claims of its exports and the code does not keep; the rest was said by the contract's own analysis. */
function claimsNotKept(found: readonly Violation[]): readonly Violation[] {
  return found.flatMap((one) => (one.path.startsWith('exports') ? [{ ...one, path: `manifest.${one.path}` }] : []));
}

/** An overlay adds rules; a rule for the same name replaces the general one. */
function withOverlay(base: ExportsRule | undefined, overlay: readonly ExportsRule[]): ExportsRule | undefined {
  let rules = base;
  for (const above of overlay) {
    rules = rules
      ? {
          at: rules.at,
          policy: rules.policy,
          variables: replaced(rules.variables, above.variables),
          functions: replaced(rules.functions, above.functions),
          classes: replaced(rules.classes, above.classes),
        }
      : above;
  }
  return rules;
}

function replaced<Rule extends { readonly name: string }>(
  below: readonly Rule[],
  above: readonly Rule[],
): readonly Rule[] {
  const names = new Set(above.map((rule) => rule.name));
  return [...below.filter((rule) => !names.has(rule.name)), ...above];
}
