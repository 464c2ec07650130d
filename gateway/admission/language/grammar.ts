import { z } from 'zod';
import { exportsSection, metadataSection, pluginSection, typesSection } from './grammar-exports.ts';
import { deviceSection, permissionsSection, resourcesSection } from './grammar-grants.ts';
import { environmentSection, hostSection } from './grammar-host.ts';
import { importsSection } from './grammar-imports.ts';
import {
  conformanceSection,
  enforcementSection,
  evidenceSection,
  integritySection,
  trustedKey,
} from './grammar-integrity.ts';
import { keys, name } from './words.ts';

export const contractVersion = 'plugin-contract/v1';
const apiVersion = z.literal(contractVersion, { error: `must be "${contractVersion}"` });
const profile = z.enum(['strict', 'structural']).optional();

/** What a plugin of this kind must provide and may at most use; written by the platform team. */
export const contractDocument = keys({
  apiVersion,
  kind: z.literal('PluginContract', { error: 'must be "PluginContract"' }),
  profile,
  metadata: metadataSection.optional(),
  plugin: pluginSection.optional(),
  types: typesSection.optional(),
  exports: exportsSection.optional(),
  imports: importsSection.optional(),
  host: hostSection.optional(),
  environment: environmentSection.optional(),
  device: deviceSection.optional(),
  permissions: permissionsSection.optional(),
  resources: resourcesSection.optional(),
  integrity: integritySection.optional(),
  evidence: evidenceSection.optional(),
  conformance: conformanceSection.optional(),
  enforcement: enforcementSection.optional(),
});

/** What this plugin claims; written by the vendor and shipped inside the package. */
export const manifestDocument = keys({
  apiVersion,
  kind: z.literal('PluginManifest', { error: 'must be "PluginManifest"' }),
  profile,
  metadata: metadataSection.optional(),
  plugin: pluginSection.optional(),
  types: typesSection.optional(),
  exports: exportsSection.optional(),
  imports: importsSection.optional(),
  permissions: permissionsSection.optional(),
  resources: resourcesSection.optional(),
  environment: environmentSection.optional(),
});

/** Upper bounds and trusted keys of one gateway; written by the operator of the site. */
export const policyDocument = keys({
  apiVersion,
  kind: z.literal('HostPolicy', { error: 'must be "HostPolicy"' }),
  profile,
  metadata: metadataSection.optional(),
  plugin: keys({ package: z.union([name, z.array(name).min(1)]).optional() }).optional(),
  imports: importsSection.optional(),
  permissions: permissionsSection.optional(),
  resources: resourcesSection.optional(),
  environment: environmentSection.optional(),
  integrity: keys({ signatures: z.enum(['required', 'optional']).optional() }).optional(),
  enforcement: keys({ waivers: z.enum(['allow', 'deny']).optional() }).optional(),
  keys: z.array(trustedKey).max(64).optional(),
});

export type ContractSource = z.output<typeof contractDocument>;
export type ManifestSource = z.output<typeof manifestDocument>;
export type PolicySource = z.output<typeof policyDocument>;
