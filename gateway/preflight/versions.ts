import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { PortcullisError } from '../../contracts/errors.ts';
import { atomicWrite } from '../lib/atomic-write.ts';

/** How a packed plugin's file name ends. */
const suffix = '.plugin.tgz';
/** A dot in front: the gateway does not look for plugins in there. */
const versionsFolder = '.versions';
/** The version that runs and the one before. */
const keptVersions = 2;

const keptVersion = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  version: z.string().max(256),
});
/** Newest first. */
const history = z.array(keptVersion).max(16);

export type KeptVersion = z.infer<typeof keptVersion>;

export interface VersionsOptions {
  /** The folder of vendor plugins; a plugin that is switched on is `<name>.plugin.tgz` in it. */
  readonly dir: string;
  readonly name: string;
  readonly versionOf: (bundle: Uint8Array) => string;
}

/** The version that is switched on (undefined: none from this folder) and the kept ones, newest first. */
export interface Versions {
  readonly active: KeptVersion | undefined;
  readonly kept: readonly KeptVersion[];
}

export async function listVersions(options: VersionsOptions): Promise<Versions> {
  const active = await readActive(options);
  return { active: active && entryOf(active, options), kept: await readHistory(options) };
}

/**
 * Switches a bundle on and keeps the one before. Every step leaves a folder that the gateway can start from: the
 * copies and the history are written before the active file is replaced. Throws USAGE when it is switched on already
 * or a plugin folder of that name is in the way.
 */
export async function installVersion(bundle: Uint8Array, options: VersionsOptions): Promise<Versions> {
  await refuseFolder(options);
  const next = entryOf(bundle, options);
  const before = await adoptActive(options);
  const previous = before && entryOf(before, options);
  if (previous?.sha256 === next.sha256) {
    throw new PortcullisError('USAGE', `${options.name} ${next.version} is switched on already.`);
  }
  if (before && previous) await keep(before, previous, options);
  await keep(bundle, next, options);
  const kept = previous ? [next, previous] : [next];
  await writeHistory(kept, options);
  await atomicWrite(activePath(options), bundle, 0o644);
  await sweep(kept, options);
  return { active: next, kept };
}

/**
 * Goes back to the version before the one that is switched on. Without one, and with `shipped`, the bundle is taken
 * away, so that the plugin that comes with the gateway runs again. The version that was left is kept. Throws NOT_FOUND
 * when there is nothing to go back to, PLUGIN_TAMPERED when the kept copy is not what was installed.
 */
export async function rollBack(
  options: VersionsOptions,
  { shipped }: { readonly shipped: boolean },
): Promise<{ readonly from: KeptVersion; readonly to: KeptVersion | 'shipped' }> {
  const active = await adoptActive(options);
  if (active === undefined) throw new PortcullisError('NOT_FOUND', `No version of ${options.name} was installed.`);
  const from = entryOf(active, options);
  const known = await readHistory(options);
  // A bundle that was put there by hand: newer than everything that was installed.
  const all = known.some(({ sha256 }) => sha256 === from.sha256) ? known : [from, ...known];
  const to = all[all.findIndex(({ sha256 }) => sha256 === from.sha256) + 1];
  if (to === undefined && !shipped) {
    throw new PortcullisError('NOT_FOUND', `There is no version of ${options.name} before ${from.version}.`);
  }
  const bundle = to && (await readKept(to, options));
  await keep(active, from, options);
  await writeHistory(all.slice(0, keptVersions), options);
  if (bundle === undefined || to === undefined) {
    await rm(activePath(options));
    return { from, to: 'shipped' };
  }
  await atomicWrite(activePath(options), bundle, 0o644);
  return { from, to };
}

/** What is switched on from a folder, and what a rollback leads to, where that is known: read without unpacking a bundle. */
export async function knownVersions(
  dir: string,
): Promise<readonly { readonly name: string; readonly active: string; readonly before: string | undefined }[]> {
  const names = await readdir(join(dir, versionsFolder)).catch(() => []);
  const all = await Promise.all(
    names.map(async (name) => {
      const options = { dir, name, versionOf: () => '' };
      const [bundle, kept] = await Promise.all([readActive(options), readHistory(options)]);
      const at = bundle === undefined ? -1 : kept.findIndex(({ sha256 }) => sha256 === hashOf(bundle));
      const active = kept[at];
      return active === undefined ? [] : [{ name, active: active.version, before: kept[at + 1]?.version }];
    }),
  );
  return all.flat();
}

function entryOf(bundle: Uint8Array, { versionOf }: VersionsOptions): KeptVersion {
  return { sha256: hashOf(bundle), version: versionOf(bundle) };
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const activePath = ({ dir, name }: VersionsOptions): string => join(dir, `${name}${suffix}`);
const home = ({ dir, name }: VersionsOptions): string => join(dir, versionsFolder, name);
const keptPath = (options: VersionsOptions, { sha256 }: KeptVersion): string =>
  join(home(options), `${sha256}${suffix}`);
const historyPath = (options: VersionsOptions): string => join(home(options), 'history.json');

async function readActive(options: VersionsOptions): Promise<Uint8Array | undefined> {
  const path = await findActive(options);
  return path === undefined ? undefined : readFile(path);
}

/** A bundle that was dropped with its version in the name gets the name that is replaced later. */
async function adoptActive(options: VersionsOptions): Promise<Uint8Array | undefined> {
  const path = await findActive(options);
  if (path !== undefined && path !== activePath(options)) await rename(path, activePath(options));
  return readActive(options);
}

async function findActive(options: VersionsOptions): Promise<string | undefined> {
  const { dir, name } = options;
  const names = await readdir(dir).catch(() => []);
  const dropped = names.filter((one) => nameOfBundle(one) === name);
  const [first] = dropped;
  if (dropped.length > 1) {
    throw new PortcullisError('USAGE', `${dir} holds ${dropped.join(' and ')}: take all but one away.`);
  }
  return first === undefined ? undefined : join(dir, first);
}

/** A bundle is called by its file name without version; undefined when it is no bundle. */
export function nameOfBundle(file: string): string | undefined {
  if (file.startsWith('.') || !file.endsWith(suffix)) return undefined;
  return file.slice(0, -suffix.length).replace(/-\d+\.\d+\.\d+.*$/, '');
}

async function refuseFolder({ dir, name }: VersionsOptions): Promise<void> {
  const found = await stat(join(dir, name)).catch(() => undefined);
  if (found?.isDirectory() !== true) return;
  throw new PortcullisError(
    'USAGE',
    `${join(dir, name)} is a folder that runs as it is. Move it away, then install the bundle.`,
  );
}

async function keep(bundle: Uint8Array, version: KeptVersion, options: VersionsOptions): Promise<void> {
  await mkdir(home(options), { recursive: true, mode: 0o700 });
  await atomicWrite(keptPath(options, version), bundle, 0o600);
}

async function readKept(version: KeptVersion, options: VersionsOptions): Promise<Uint8Array> {
  const path = keptPath(options, version);
  const bundle = await readFile(path).catch((cause: unknown) => {
    throw new PortcullisError('FILE_UNREADABLE', `The kept bundle ${path} cannot be read.`, { cause });
  });
  if (hashOf(bundle) !== version.sha256) {
    throw new PortcullisError(
      'PLUGIN_TAMPERED',
      `${path} is not the bundle that was installed; it is not switched on.`,
    );
  }
  return bundle;
}

async function readHistory(options: VersionsOptions): Promise<readonly KeptVersion[]> {
  const path = historyPath(options);
  const text = await readFile(path, 'utf8').catch(() => '[]');
  try {
    return history.parse(JSON.parse(text));
  } catch (cause) {
    throw new PortcullisError('FILE_UNREADABLE', `${path} is damaged. Take it away to begin a new history.`, { cause });
  }
}

function writeHistory(kept: readonly KeptVersion[], options: VersionsOptions): Promise<void> {
  return atomicWrite(historyPath(options), `${JSON.stringify(kept, null, 2)}\n`);
}

async function sweep(kept: readonly KeptVersion[], options: VersionsOptions): Promise<void> {
  const wanted = new Set(kept.map(({ sha256 }) => `${sha256}${suffix}`));
  const names = await readdir(home(options));
  for (const name of names.filter((one) => one.endsWith(suffix) && !wanted.has(one))) {
    await rm(join(home(options), name), { force: true });
  }
}
