import type { Contract, Manifest, Policy } from '../contract.ts';
import type { PermissionsRule } from '../language/grammar-grants.ts';
import type { EnvironmentRule } from '../language/grammar-host.ts';

/** What is left for a plugin when every layer has had its say. */
export interface EffectiveGrants {
  readonly permissions: PermissionsRule;
  readonly environment: EnvironmentRule;
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
    trust: contract.enforcement.trust ?? 'full',
  };
}

function claimed<Section extends 'secrets' | 'variables'>(
  granted: readonly (EnvironmentRule | undefined)[],
  claims: EnvironmentRule | undefined,
  section: Section,
): NonNullable<EnvironmentRule[Section]> {
  const names = claims && new Set(claims[section]?.map(({ name }) => name));
  const rules = granted.flatMap((one): readonly { readonly name: string }[] => one?.[section] ?? []);
  return rules.filter(({ name }) => names?.has(name) ?? true);
}
