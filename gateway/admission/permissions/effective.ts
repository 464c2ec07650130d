import type { Contract, Manifest, Policy } from '../contract.ts';
import type { PermissionsRule, ResourcesRule } from '../language/grammar-grants.ts';
import type { EnvironmentRule } from '../language/grammar-host.ts';

/** What is left for a plugin when every layer has had its say. */
export interface EffectiveGrants {
  readonly permissions: PermissionsRule;
  readonly environment: EnvironmentRule;
  readonly resources: ResourcesRule;
  /** Telemetry only, where the contract says so. */
  readonly trust: 'full' | 'limited';
}

interface Layers {
  readonly contract: Contract;
  readonly manifest?: Manifest | undefined;
  readonly policy?: Policy | undefined;
  /** Environment of the deployment that matches this host. */
  readonly deployed?: EnvironmentRule | undefined;
}

/**
 * The intersection of the layers, once `checkLayers` has found no wish above its bound: the manifest's items where it
 * has any, else the contract's. Of limits the smallest holds. A manifest may leave out what it does not need of the environment.
 */
export function effectiveGrants({ contract, manifest, policy, deployed }: Layers): EffectiveGrants {
  const permissions = manifest?.permissions ?? contract.permissions ?? {};
  const { mqtt } = permissions;
  const bounds = [mqtt, contract.permissions?.mqtt, policy?.permissions?.mqtt].flatMap((one) => one?.maxPayload ?? []);
  return {
    permissions:
      mqtt && bounds.length > 0 ? { ...permissions, mqtt: { ...mqtt, maxPayload: Math.min(...bounds) } } : permissions,
    environment: {
      secrets: claimed([contract.environment, deployed], manifest?.environment, 'secrets'),
      variables: claimed([contract.environment, deployed], manifest?.environment, 'variables'),
    },
    resources: smallest([contract.resources, manifest?.resources, policy?.resources]),
    trust: contract.enforcement.trust ?? 'full',
  };
}

/** Of every limit the smallest that a layer names; of the window of restarts the longest. */
function smallest(layers: readonly (ResourcesRule | undefined)[]): ResourcesRule {
  const rules = layers.flatMap((one) => one ?? []);
  const least = (of: (rule: ResourcesRule) => number | undefined): number | undefined => {
    const said = rules.flatMap((rule) => of(rule) ?? []);
    return said.length === 0 ? undefined : Math.min(...said);
  };
  const windows = rules.flatMap(({ restarts }) => restarts?.window ?? []);
  const ends = rules.flatMap(({ restarts }) => restarts?.then ?? []);
  const ipc = { rate: least((rule) => rule.ipc?.rate), message: least((rule) => rule.ipc?.message) };
  const restarts = {
    max: least((rule) => rule.restarts?.max),
    window: windows.length === 0 ? undefined : Math.max(...windows),
    [afterBudget]: ends.includes('quarantine') ? ('quarantine' as const) : ends[0],
  };
  const numbers = limitNames.map((name) => [name, least((rule) => rule[name])] as const);
  return {
    ...Object.fromEntries(numbers.filter(([, value]) => value !== undefined)),
    ...(rules.some((rule) => rule.ipc !== undefined) && { ipc }),
    ...(rules.some((rule) => rule.restarts !== undefined) && { restarts }),
  };
}

const limitNames = ['memory', 'heap', 'cpu', 'pids', 'disk', 'startupTimeout', 'callTimeout'] as const;
const afterBudget = 'then' as const;

function claimed<Section extends 'secrets' | 'variables'>(
  granted: readonly (EnvironmentRule | undefined)[],
  claims: EnvironmentRule | undefined,
  section: Section,
): NonNullable<EnvironmentRule[Section]> {
  const names = claims && new Set(claims[section]?.map(({ name }) => name));
  const rules = granted.flatMap((one): readonly { readonly name: string }[] => one?.[section] ?? []);
  return rules.filter(({ name }) => names?.has(name) ?? true);
}
