import semver from 'semver';
import { z } from 'zod';
import type { Contract, Manifest } from './contract.ts';
import type { SourceTree, Violation } from './types.ts';
import { violation } from './violation.ts';

/** What package.json says about the package; everything else in it belongs to the analysis of code. */
export interface PackageIdentity {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly entry?: string | undefined;
}

const exportTarget: z.ZodType<string | Record<string, unknown>> = z.union([
  z.string(),
  z.record(z.string(), z.unknown()),
]);
const packageJson = z.looseObject({
  name: z.string().optional(),
  version: z.string().optional(),
  main: z.string().optional(),
  exports: exportTarget.optional(),
});

/** Reads package.json; undefined when there is none or it is no JSON object. */
export function packageIdentity(tree: SourceTree): PackageIdentity | undefined {
  const bytes = tree.files.get('package.json');
  if (!bytes) return undefined;
  try {
    const { data } = packageJson.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
    if (!data) return undefined;
    const entry = targetOf(data.exports)?.replace(/^\.\//, '') ?? mainFile(tree, data.main);
    return { name: data.name, version: data.version, entry };
  } catch {
    return undefined;
  }
}

/** `main` may leave out the extension or name a folder (Node documentation, "Modules: Packages", `main`). */
function mainFile(tree: SourceTree, main: string | undefined): string | undefined {
  const named = main?.replace(/^\.\//, '').replace(/\/$/, '');
  if (named === undefined) return undefined;
  const candidates = [named, `${named}.js`, `${named}/index.js`, 'index.js'];
  return candidates.map((one) => one.replace(/^\//, '')).find((one) => tree.files.has(one)) ?? named;
}

/** The file that `exports` gives to an `import` of the package itself. */
function targetOf(exports: unknown, depth = 0): string | undefined {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null || depth > 8) return undefined;
  for (const condition of ['.', 'node', 'import', 'default']) {
    const target = targetOf(Reflect.get(exports, condition), depth + 1);
    if (target !== undefined) return target;
  }
  return undefined;
}

const usualEntries = [
  'plugin.ts',
  'plugin.js',
  'plugin.mjs',
  'index.ts',
  'index.js',
  'index.mjs',
  'src/index.ts',
  'dist/index.js',
];

/** The entry file: contract, manifest and package.json in this order, or else the first usual name that is there. */
export function entryOf(tree: SourceTree, contract: Contract, manifest?: Manifest): string {
  const named = contract.plugin.entry ?? manifest?.plugin.entry ?? packageIdentity(tree)?.entry;
  if (named !== undefined) return named.replace(/^\.\//, '');
  return usualEntries.find((file) => tree.files.has(file)) ?? 'plugin.ts';
}

/** Name, version and entry of the package against `plugin` (PC-S102). */
export function checkIdentity(tree: SourceTree, contract: Contract): readonly Violation[] {
  const { plugin } = contract;
  const found = packageIdentity(tree);
  const file = found ? 'package.json' : undefined;
  const differs = (key: string, expected: string, observed: string | undefined): Violation =>
    violation('PC-S102', `plugin.${key}`, {
      file,
      subject: key,
      expected,
      observed: observed ?? `no ${key} in package.json`,
    });
  const violations: Violation[] = [];
  if (plugin.package !== undefined && plugin.package !== found?.name)
    violations.push(differs('package', plugin.package, found?.name));
  if (
    plugin.version !== undefined &&
    !(found?.version !== undefined && semver.satisfies(found.version, plugin.version))
  ) {
    violations.push(differs('version', plugin.version, found?.version));
  }
  const entry = plugin.entry?.replace(/^\.\//, '');
  if (entry !== undefined && found?.entry !== undefined && entry !== found.entry)
    violations.push(differs('entry', entry, found.entry));
  return violations;
}
