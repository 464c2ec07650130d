import type { CodeContract, ExportsRule } from './types.ts';
import type { PermissionsRule, ResourcesRule } from './language/grammar-grants.ts';
import type { DeploymentRule, EnvironmentRule } from './language/grammar-host.ts';
import type { EnforcementRule, EvidenceRule, IntegrityRule } from './language/grammar-integrity.ts';
import type { ContractSource, ManifestSource, PolicySource } from './language/grammar.ts';
import type { Positions } from './language/positions.ts';

/** An overlay on the exports, for the hosts of one system alternative only. */
export interface Overlay {
  readonly deployment: number;
  readonly system: number;
  readonly exports: readonly ExportsRule[];
}

/** A contract in normal form: what the checks work on. `undefined` sections are not checked. */
export interface Contract extends CodeContract {
  readonly metadata: NonNullable<ContractSource['metadata']>;
  readonly deployments?: readonly DeploymentRule[] | undefined;
  readonly overlays: readonly Overlay[];
  readonly environment?: EnvironmentRule | undefined;
  readonly device?: ContractSource['device'];
  readonly permissions?: PermissionsRule | undefined;
  readonly resources?: ResourcesRule | undefined;
  readonly integrity?: IntegrityRule | undefined;
  readonly evidence: readonly EvidenceRule[];
  readonly conformance?: ContractSource['conformance'];
  readonly enforcement: EnforcementRule;
}

/** A manifest is read like a contract: the same sections mean the same. */
export interface Manifest extends CodeContract {
  readonly source: ManifestSource;
  readonly permissions?: PermissionsRule | undefined;
  readonly resources?: ResourcesRule | undefined;
  readonly environment?: EnvironmentRule | undefined;
}

export interface Policy extends Omit<PolicySource, 'imports'> {
  readonly imports?: CodeContract['imports'];
}

/** A document with the text it came from, for hashes and for the lines in reports. */
export interface Sourced<T> {
  readonly value: T;
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly positions: Positions;
}
