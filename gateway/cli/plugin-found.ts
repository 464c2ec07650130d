import { lstat, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { PortcullisError } from '../../contracts/errors.ts';
import { bundleName, bundleSuffix, readBundle } from '../admission/bundle/bundle.ts';
import { manifestName } from '../admission/check-plugin.ts';
import { packageIdentity } from '../admission/identity.ts';
import { readBounded } from '../admission/read-bounded.ts';
import { readSourceTree, treeLimits } from '../admission/source-tree.ts';
import type { SourceTree } from '../admission/types.ts';
import type { Config } from '../config/schema.ts';
import { shippedFolder } from '../hosting/plugin-places.ts';
import { nameOfBundle } from '../preflight/versions.ts';

/** A plugin that lies somewhere, read once and not run. */
export interface FoundPlugin {
  /** Name of the folder, or of the bundle without its version. */
  readonly name: string;
  readonly path: string;
  readonly from: 'bundle' | 'folder' | 'shipped';
  readonly tree: SourceTree;
  /** Bytes of the bundle. */
  readonly bundle?: Uint8Array;
  readonly packageName: string | undefined;
  readonly version: string;
}

/** Reads a bundle or folder. Throws FILE_UNREADABLE. */
export async function readPlugin(path: string, from: 'installed' | 'shipped' = 'installed'): Promise<FoundPlugin> {
  const found = await lstat(path).catch((cause: unknown) => {
    throw new PortcullisError('FILE_UNREADABLE', `${path} cannot be read.`, { cause });
  });
  if (found.isDirectory()) {
    const tree = await readSourceTree(resolve(path));
    const place = from === 'shipped' ? 'shipped' : 'folder';
    return { name: basename(resolve(path)), path, from: place, tree, ...identityOf(tree) };
  }
  const bundle = await readBounded(path, treeLimits.bytes);
  const tree = readBundle(bundle);
  const name = nameOfBundle(basename(path)) ?? basename(path, bundleSuffix);
  return { name, path, from: 'bundle', tree, bundle, ...identityOf(tree) };
}

/** A bundle under a file name that says nothing: without `name` it is called as `plugin pack` would call it. */
export async function readUpload(path: string, name?: string): Promise<FoundPlugin> {
  const found = await readPlugin(path);
  const { packageName } = found;
  return { ...found, name: name ?? (packageName === undefined ? found.name : bundleName(packageName)) };
}

export function versionOfBundle(bundle: Uint8Array): string {
  return identityOf(readBundle(bundle)).version;
}

function identityOf(tree: SourceTree): Pick<FoundPlugin, 'packageName' | 'version'> {
  const identity = packageIdentity(tree);
  return { packageName: identity?.name, version: identity?.version ?? 'without version' };
}

/** Every plugin that the gateway would start with; one of the site stands before a shipped one of its name. */
export async function installedPlugins({ plugins }: Pick<Config, 'plugins'>): Promise<readonly FoundPlugin[]> {
  const site = plugins.dir === undefined ? [] : await pluginsIn(plugins.dir, 'installed');
  const taken = new Set(site.map(({ name }) => name));
  const shipped = await pluginsIn(shippedFolder, 'shipped');
  return [...site, ...shipped.filter(({ name }) => !taken.has(name))];
}

/** The plugin that a candidate would take the place of: of the same package, or else of the same name. */
export function predecessorOf(candidate: FoundPlugin, installed: readonly FoundPlugin[]): FoundPlugin | undefined {
  const { packageName, name } = candidate;
  const samePackage = installed.find((one) => packageName !== undefined && one.packageName === packageName);
  return samePackage ?? installed.find((one) => one.name === name);
}

async function pluginsIn(folder: string, from: 'installed' | 'shipped'): Promise<readonly FoundPlugin[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new PortcullisError(
      'FILE_UNREADABLE',
      `The plugin folder ${folder} cannot be read. Make it, or correct plugins.dir.`,
      {
        cause,
      },
    );
  });
  const found: FoundPlugin[] = [];
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    const isBundle = entry.isFile() && nameOfBundle(entry.name) !== undefined;
    const isFolder = entry.isDirectory() && !entry.name.startsWith('.') && (await looksLikePlugin(path));
    if (isBundle || isFolder) found.push(await readPlugin(path, from));
  }
  return found;
}

async function looksLikePlugin(folder: string): Promise<boolean> {
  const names = await readdir(folder);
  return names.includes(manifestName) || names.includes('package.json');
}
