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

/** What each section means and what enforces it; editors show these texts. */
const says = {
  profile:
    'strict (default): an omitted imports, permissions or environment grants nothing. structural: an omitted section is not checked.',
  metadata: 'Id, version and owner of this document. Recorded in every decision.',
  plugin:
    'Name, version range, entry and format of the package. Checked statically against package.json and the entry file.',
  types: 'Named types. Compared with the code before loading, and with values at call time by a validator.',
  exports:
    'What the module must look like. Checked on the syntax tree before loading, and again on the live module in its cell.',
  imports:
    'What the whole module graph may import. Checked statically before loading; enforced by load hooks and permission flags.',
  host: 'Deployments: architecture, system, runtime. Probed before the code is parsed; no match is a refusal.',
  environment:
    'Variables and secrets by shape. Probed, never printed; the plugin gets what is declared and nothing else.',
  device:
    'Resources of the device with units and ranges. Enforced by a validator at call time and a range guard for actuators.',
  permissions:
    'Sockets, topics, ports, pins, files, processes. Enforced by the handle broker, by uid and namespaces; PC-P102 where this host cannot.',
  resources: 'Memory, CPU, time and message limits. Enforced by kernel limits, the heap flag and the watchdog.',
  integrity:
    'Hashes, signatures, provenance and container digest. Checked statically; the content-addressed store keeps the checked bytes.',
  evidence: 'Statements of others that must have been verified and observed by this site. Checked statically.',
  conformance: 'Examples that run against a simulated device in a disposable cell after loading.',
  enforcement: 'What happens on a violation, and waivers with owner, reason and expiry.',
} as const;

/** What a plugin of this kind must provide and may at most use; written by the platform team. */
export const contractDocument = keys({
  apiVersion,
  kind: z.literal('PluginContract', { error: 'must be "PluginContract"' }),
  profile: profile.describe(says.profile),
  metadata: metadataSection.optional().describe(says.metadata),
  plugin: pluginSection.optional().describe(says.plugin),
  types: typesSection.optional().describe(says.types),
  exports: exportsSection.optional().describe(says.exports),
  imports: importsSection.optional().describe(says.imports),
  host: hostSection.optional().describe(says.host),
  environment: environmentSection.optional().describe(says.environment),
  device: deviceSection.optional().describe(says.device),
  permissions: permissionsSection.optional().describe(says.permissions),
  resources: resourcesSection.optional().describe(says.resources),
  integrity: integritySection.optional().describe(says.integrity),
  evidence: evidenceSection.optional().describe(says.evidence),
  conformance: conformanceSection.optional().describe(says.conformance),
  enforcement: enforcementSection.optional().describe(says.enforcement),
});

/** What this plugin claims; written by the vendor and shipped inside the package. */
export const manifestDocument = keys({
  apiVersion,
  kind: z.literal('PluginManifest', { error: 'must be "PluginManifest"' }),
  profile: profile.describe(says.profile),
  metadata: metadataSection.optional().describe(says.metadata),
  plugin: pluginSection.optional().describe(says.plugin),
  types: typesSection.optional().describe(says.types),
  exports: exportsSection.optional().describe(says.exports),
  imports: importsSection.optional().describe(says.imports),
  permissions: permissionsSection.optional().describe(says.permissions),
  resources: resourcesSection.optional().describe(says.resources),
  environment: environmentSection.optional().describe(says.environment),
});

/** Upper bounds and trusted keys of one gateway; written by the operator of the site. */
export const policyDocument = keys({
  apiVersion,
  kind: z.literal('HostPolicy', { error: 'must be "HostPolicy"' }),
  profile: profile.describe(says.profile),
  metadata: metadataSection.optional().describe(says.metadata),
  plugin: keys({ package: z.union([name, z.array(name).min(1)]).optional() }).optional(),
  imports: importsSection.optional().describe(says.imports),
  permissions: permissionsSection.optional().describe(says.permissions),
  resources: resourcesSection.optional().describe(says.resources),
  environment: environmentSection.optional().describe(says.environment),
  integrity: keys({ signatures: z.enum(['required', 'optional']).optional() }).optional(),
  enforcement: keys({ waivers: z.enum(['allow', 'deny']).optional() }).optional(),
  keys: z.array(trustedKey).max(64).optional(),
});

export type ContractSource = z.output<typeof contractDocument>;
export type ManifestSource = z.output<typeof manifestDocument>;
export type PolicySource = z.output<typeof policyDocument>;
