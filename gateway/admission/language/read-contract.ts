import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { ExportsRule, Profile, TypeRule } from '../types.ts';
import type { Violation } from '../types.ts';
import type { Contract, Manifest, Overlay, Policy, Sourced } from '../contract.ts';
import type { ContractSource } from './grammar.ts';
import { contractDocument, manifestDocument, policyDocument } from './grammar.ts';
import { normaliseExports, normaliseImports, normalisePlugin, normaliseTypes } from './normalise.ts';
import type { Report } from './normalise.ts';
import { documentViolation, readDocument } from './read-document.ts';

/** A document in normal form, or the configuration errors that keep it from being one. */
export type Reading<T> =
  | { readonly document: Sourced<T>; readonly violations?: undefined }
  | { readonly document?: undefined; readonly violations: readonly Violation[] };

/** Reads a contract. `file` is the name that reports give it. */
export function readContract(bytes: Uint8Array, file: string): Reading<Contract> {
  return read(bytes, file, contractDocument, (source, report) => {
    const profile = source.profile ?? 'strict';
    const types = normaliseTypes(source.types, report);
    const exports = source.exports && normaliseExports(source.exports, { at: 'exports', profile, types, report });
    return {
      ...silentSections(source, profile),
      profile,
      metadata: source.metadata ?? {},
      plugin: normalisePlugin(source.plugin, profile),
      types,
      exports,
      imports: normaliseImports(source.imports, { profile, addons: source.permissions?.process?.addons }),
      deployments: source.host?.deployments,
      overlays: overlaysOf(source, { profile, types, report }),
      device: source.device,
      resources: source.resources,
      integrity: source.integrity,
      evidence: source.evidence ?? [],
      conformance: source.conformance,
      enforcement: source.enforcement ?? {},
    };
  });
}

export function readManifest(bytes: Uint8Array, file: string): Reading<Manifest> {
  return read(bytes, file, manifestDocument, (source, report) => {
    // A manifest claims: what it leaves out it does not speak about, and the contract alone decides.
    const profile = source.profile ?? 'structural';
    const types = normaliseTypes(source.types, report);
    return {
      source,
      profile,
      plugin: normalisePlugin(source.plugin, 'structural'),
      types,
      exports: source.exports && normaliseExports(source.exports, { at: 'exports', profile, types, report }),
      imports: normaliseImports(source.imports, { profile, addons: undefined }),
      permissions: source.permissions,
      resources: source.resources,
      environment: source.environment,
    };
  });
}

export function readPolicy(bytes: Uint8Array, file: string): Reading<Policy> {
  return read(bytes, file, policyDocument, (source) => {
    const profile = source.profile ?? 'strict';
    const imports = normaliseImports(source.imports, { profile, addons: undefined });
    return { ...source, ...silentSections(source, profile), profile, imports };
  });
}

/** Under `strict` an omitted section grants nothing; under `structural` it is not checked. */
function silentSections(source: Pick<ContractSource, 'permissions' | 'environment'>, profile: Profile) {
  const strict = profile === 'strict';
  return {
    permissions: source.permissions ?? (strict ? {} : undefined),
    environment: source.environment ?? (strict ? {} : undefined),
  };
}

function overlaysOf(
  source: ContractSource,
  context: { profile: Profile; types: ReadonlyMap<string, TypeRule>; report: Report },
): readonly Overlay[] {
  const found: Overlay[] = [];
  source.host?.deployments?.forEach((deployment, d) => {
    deployment.systems?.forEach((system, s) => {
      const at = `host.deployments[${d}].systems[${s}]`;
      const exports: ExportsRule[] = (system.modules ?? []).map((module, m) =>
        normaliseExports(module.exports, { ...context, at: `${at}.modules[${m}].exports`, profile: 'structural' }),
      );
      if (system.exports) {
        exports.push(normaliseExports(system.exports, { ...context, at: `${at}.exports`, profile: 'structural' }));
      }
      if (exports.length > 0) found.push({ deployment: d, system: s, exports });
    });
  });
  return found;
}

/**
 * The last few documents by their bytes: one contract is held against version after version of a plugin, and one policy
 * against every plugin, and YAML is half of the cost of a check.
 */
const remembered = new Map<string, Reading<unknown>>();
const mostRemembered = 8;

function read<Schema extends z.ZodType, T>(
  bytes: Uint8Array,
  file: string,
  schema: Schema,
  normalise: (source: z.output<Schema>, report: Report) => T,
): Reading<T> {
  // One grammar, one normal form: the schema stands for both.
  const key = `${kindOf.get(schema)} ${createHash('sha256').update(bytes).digest('hex')} ${file}`;
  const known = remembered.get(key) as Reading<T> | undefined;
  const reading = known ?? readNew({ bytes, file, schema, normalise });
  remembered.delete(key);
  remembered.set(key, reading);
  for (const oldest of remembered.keys()) {
    if (remembered.size <= mostRemembered) break;
    remembered.delete(oldest);
  }
  return reading;
}

const kindOf = new Map<z.ZodType, string>([
  [contractDocument, 'contract'],
  [manifestDocument, 'manifest'],
  [policyDocument, 'policy'],
]);

function readNew<Schema extends z.ZodType, T>({
  bytes,
  file,
  schema,
  normalise,
}: {
  bytes: Uint8Array;
  file: string;
  schema: Schema;
  normalise: (source: z.output<Schema>, report: Report) => T;
}): Reading<T> {
  const { value, positions, violations } = readDocument(bytes, file, schema);
  if (value === undefined) return { violations };
  const wrong: Violation[] = [];
  const normal = normalise(value, (path, sentence) => wrong.push(documentViolation(file, path, sentence, positions)));
  return wrong.length > 0 ? { violations: wrong } : { document: { value: normal, file, bytes, positions } };
}
