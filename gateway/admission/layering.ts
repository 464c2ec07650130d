import { matchesGlob } from 'node:path';
import semver from 'semver';
import type { Contract, Manifest, Policy } from './contract.ts';
import type { PermissionsRule, ResourcesRule } from './language/grammar-grants.ts';
import type { EnvironmentRule } from './language/grammar-host.ts';
import { coversItem, itemText, itemsOf } from './permissions/items.ts';
import { pluginApiName, providedNames } from './provided-modules.ts';
import type { BuiltinRule, ImportsRule, PackageRule, Violation } from './types.ts';
import { violation } from './violation.ts';

/** One layer's wishes, the next layer's bounds. Undefined bounds are no bounds. */
interface Layer {
  readonly permissions?: PermissionsRule | undefined;
  readonly resources?: ResourcesRule | undefined;
  readonly environment?: EnvironmentRule | undefined;
  /** Of a contract: what single hosts want beside it. */
  readonly deployments?: Contract['deployments'];
  readonly imports?: ImportsRule | undefined;
}

/** Every wish of the manifest that the contract does not grant, and of the contract that the policy does not. */
export function checkLayers(
  contract: Contract,
  { manifest, policy, packageName }: { manifest?: Manifest; policy?: Policy; packageName?: string },
): readonly Violation[] {
  const fromManifest = manifest ? beyond(manifest, contract, { asker: 'the manifest', granter: 'the contract' }) : [];
  const claims = manifest ? claimsBeyond(manifest, contract) : [];
  if (!policy) return [...fromManifest, ...claims];
  return [
    ...fromManifest,
    ...claims,
    ...packageBeyond(policy, contract.plugin.package ?? packageName),
    ...beyond(withoutProvided(contract), policy, { asker: 'the contract', granter: 'the policy' }),
  ];
}

function withoutProvided(contract: Contract): Layer {
  const { imports } = contract;
  const packages = imports?.packages?.filter(({ name }) => !providedNames.has(name));
  return imports === undefined ? contract : { ...contract, imports: { ...imports, packages } };
}

function packageBeyond(policy: Policy, name: string | undefined): readonly Violation[] {
  const written = policy.plugin?.package;
  if (written === undefined) return [];
  const globs = typeof written === 'string' ? [written] : written;
  if (name !== undefined && globs.some((glob) => matchesGlob(name, glob))) return [];
  return [
    violation('PC-P101', 'plugin.package', {
      subject: name,
      expected: `a package that the policy allows: ${globs.join(', ')}`,
      observed: name ?? 'no package name',
    }),
  ];
}

interface Names {
  readonly asker: string;
  readonly granter: string;
}

function beyond(asked: Layer, granted: Layer, names: Names): readonly Violation[] {
  return [
    ...itemsBeyond(asked, granted, names),
    ...limitsBeyond(asked, granted, names),
    ...environmentBeyond(asked, granted, names),
    ...importsBeyond(asked, granted, names),
  ];
}

function over(path: string, subject: string, { asker, granter }: Names): Violation {
  return violation('PC-P101', path, {
    subject,
    expected: `at most what ${granter} grants`,
    observed: `${asker} asks for ${subject}`,
  });
}

function itemsBeyond(asked: Layer, granted: Layer, names: Names): readonly Violation[] {
  if (!granted.permissions || !asked.permissions) return [];
  const bounds = itemsOf(granted.permissions);
  return itemsOf(asked.permissions)
    .filter((item) => !bounds.some((bound) => coversItem(bound, item)))
    .map((item) => over(item.path, itemText(item), names));
}

/** Where both name a limit the wish must not be above; where the wish is silent the bound itself holds. */
function limitsBeyond(asked: Layer, granted: Layer, names: Names): readonly Violation[] {
  const pairs: (readonly [string, number | undefined, number | undefined])[] = [];
  const [a, g] = [asked.resources, granted.resources];
  for (const key of ['memory', 'heap', 'cpu', 'pids', 'disk', 'startupTimeout', 'callTimeout'] as const) {
    pairs.push([key, a?.[key], g?.[key]]);
  }
  pairs.push(['restarts.max', a?.restarts?.max, g?.restarts?.max]);
  for (const key of ['rate', 'message'] as const) pairs.push([`ipc.${key}`, a?.ipc?.[key], g?.ipc?.[key]]);
  return pairs
    .filter(([, wish, bound]) => wish !== undefined && bound !== undefined && wish > bound)
    .map(([key, wish]) => over(`resources.${key}`, `${key} ${wish}`, names));
}

/** Every variable and secret that is asked for by a name which the next layer does not grant. */
function environmentBeyond(asked: Layer, granted: Layer, names: Names): readonly Violation[] {
  const [bounds, wishes] = [environmentsOf(granted), environmentsOf(asked)];
  if (granted.environment === undefined) return [];
  return (['variables', 'secrets'] as const).flatMap((kind) => {
    const known = new Set(bounds.flatMap(([, rule]) => rule[kind]?.map(({ name }) => name) ?? []));
    return wishes.flatMap(([at, rule]) =>
      (rule[kind] ?? []).flatMap(({ name }, i) =>
        known.has(name)
          ? []
          : [over(`${at}.${kind}[${i}]`, `${kind === 'secrets' ? 'secret' : 'variable'} ${name}`, names)],
      ),
    );
  });
}

/** The environment of a layer and those of its deployments, each with its path. */
function environmentsOf({ environment, deployments = [] }: Layer): readonly (readonly [string, EnvironmentRule])[] {
  const own = environment === undefined ? [] : [['environment', environment] as const];
  const theirs = deployments.flatMap(({ systems = [] }, d) =>
    systems.flatMap((system, s) =>
      system.environment === undefined
        ? []
        : [[`host.deployments[${d}].systems[${s}].environment`, system.environment] as const],
    ),
  );
  return [...own, ...theirs];
}

function importsBeyond(asked: Layer, granted: Layer, names: Names): readonly Violation[] {
  const [a, g] = [asked.imports, granted.imports];
  if (!a || !g) return [];
  const builtins = (a.builtins ?? []).filter(
    (one) => g.builtins && !g.builtins.some((bound) => coversBuiltin(bound, one)),
  );
  const packages = (a.packages ?? []).filter(
    (one) => g.packages && !g.packages.some((bound) => coversPackage(bound, one)),
  );
  const powers = (['eval', 'wasm', 'nativeAddons'] as const).filter(
    (power) => a.capabilities[power] === 'allow' && g.capabilities[power] === 'deny',
  );
  return [
    ...builtins.map((one) => over(one.at, `builtin ${one.name}`, names)),
    ...packages.map((one) => over(one.at, `package ${one.name}`, names)),
    ...powers.map((power) => over(`imports.capabilities.${power}`, power, names)),
  ];
}

function coversBuiltin(bound: BuiltinRule, one: BuiltinRule): boolean {
  if (bound.name !== one.name) return false;
  return bound.members === undefined || (one.members?.every((member) => bound.members?.includes(member)) ?? false);
}

function coversPackage(bound: PackageRule, one: PackageRule): boolean {
  if (!matchesGlob(one.name, bound.name)) return false;
  if (bound.version === undefined) return true;
  return one.version !== undefined && semver.subset(one.version, bound.version);
}

/** What a manifest says about the plugin itself must fit the contract: the version, and no export that is closed out. */
function claimsBeyond(manifest: Manifest, contract: Contract): readonly Violation[] {
  const found: Violation[] = [];
  const [claimed, wanted] = [manifest.plugin, contract.plugin];
  if (claimed.package !== undefined && wanted.package !== undefined && claimed.package !== wanted.package) {
    found.push(
      violation('PC-S102', 'plugin.package', {
        expected: wanted.package,
        observed: `${claimed.package} in the manifest`,
      }),
    );
  }
  if (
    claimed.version !== undefined &&
    wanted.version !== undefined &&
    !semver.subset(claimed.version, wanted.version)
  ) {
    found.push(
      violation('PC-S102', 'plugin.version', {
        expected: wanted.version,
        observed: `${claimed.version} in the manifest`,
      }),
    );
  }
  if (contract.exports?.policy !== 'closed' || !manifest.exports) return found;
  const known = new Set(
    [...contract.exports.variables, ...contract.exports.functions, ...contract.exports.classes].map(
      (rule) => rule.name,
    ),
  );
  const claims = [...manifest.exports.variables, ...manifest.exports.functions, ...manifest.exports.classes];
  const extra = claims.filter((rule) => !known.has(rule.name));
  return [
    ...found,
    ...extra.map((rule) =>
      violation('PC-S104', 'exports.policy', { subject: rule.name, observed: `${rule.name} in the manifest` }),
    ),
  ];
}

/**
 * The imports that hold for the code: what the contract grants and the manifest claims. Paths stay the contract's.
 * The plugin API needs no claim: a plugin without it would be none.
 */
export function effectiveImports(
  contract: ImportsRule | undefined,
  manifest: ImportsRule | undefined,
): ImportsRule | undefined {
  if (!manifest || !contract) return contract ?? manifest;
  const both = <Rule extends { name: string }>(
    bound: readonly Rule[] | undefined,
    claim: readonly Rule[] | undefined,
  ): readonly Rule[] | undefined => {
    if (!bound || !claim) return bound ?? claim;
    const claimed = new Set(claim.map((one) => one.name));
    return bound.filter((one) => claimed.has(one.name) || one.name === pluginApiName);
  };
  return {
    ...contract,
    builtins: both(contract.builtins, manifest.builtins),
    packages: both(contract.packages, manifest.packages),
  };
}
