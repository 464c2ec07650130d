import type { SourceTree } from '../types.ts';

/** What the analysis reads of a package.json; everything else in it is ignored. */
export interface PackageFacts {
  /** Folder from the root of the tree, '' for the root itself. */
  readonly folder: string;
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly type?: 'module' | 'commonjs' | undefined;
  readonly main?: string | undefined;
  readonly exports?: unknown;
  readonly imports?: unknown;
  /** Name to range, as declared for production; `optional` may be absent. */
  readonly declared: ReadonlyMap<string, { readonly range: string; readonly optional: boolean }>;
  readonly installScripts: readonly string[];
}

export type PackageReader = (folder: string) => PackageFacts | undefined;

/** Reads each package.json of a tree at most once; one that is no JSON object counts as absent. */
export function packageReader(root: SourceTree): PackageReader {
  const known = new Map<string, PackageFacts | undefined>();
  return (folder) => {
    if (!known.has(folder)) {
      const bytes = root.files.get(folder === '' ? 'package.json' : `${folder}/package.json`);
      known.set(folder, bytes === undefined ? undefined : readFacts(folder, bytes));
    }
    return known.get(folder);
  };
}

/** The package that a file belongs to: nearest folder upwards with a package.json, never out of its `node_modules`. */
export function ownerOf(path: string, read: PackageReader): PackageFacts | undefined {
  for (let folder = folderOf(path); ; folder = folderOf(folder)) {
    const facts = read(folder);
    if (facts !== undefined || folder === '') return facts;
    if (/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/.test(folder)) return undefined;
  }
}

/** The folder of the installed package that a file lies in, '' for the plugin's own files. */
export function packageFolder(path: string): string {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/|$)/.exec(path)?.[0] ?? '';
}

export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

function readFacts(folder: string, bytes: Uint8Array): PackageFacts | undefined {
  const json = readJson(bytes);
  if (json === undefined) return undefined;
  const declared = new Map<string, { range: string; optional: boolean }>();
  for (const key of ['dependencies', 'peerDependencies', 'optionalDependencies']) {
    for (const [name, range] of Object.entries(record(json[key]))) {
      declared.set(name, { range: text(range) ?? '', optional: key === 'optionalDependencies' });
    }
  }
  const scripts = record(json['scripts']);
  return {
    folder,
    name: text(json['name']),
    version: text(json['version']),
    type: json['type'] === 'module' || json['type'] === 'commonjs' ? json['type'] : undefined,
    main: text(json['main']),
    exports: json['exports'],
    imports: json['imports'],
    declared,
    installScripts: ['preinstall', 'install', 'postinstall'].filter((name) => Object.hasOwn(scripts, name)),
  };
}

/** A JSON object from bytes, or undefined: at most 8 MiB, anything unreadable counts as absent. */
export function readJson(bytes: Uint8Array): Record<string, unknown> | undefined {
  if (bytes.byteLength > 8 * 1024 * 1024) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
