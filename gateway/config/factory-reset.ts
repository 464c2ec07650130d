import { existsSync } from 'node:fs';
import { chmod, lstat, readdir, rm, rmdir, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { PortcullisError } from '../../contracts/errors.ts';
import { atomicWrite, syncFolder } from '../lib/atomic-write.ts';
import { forItsOwner } from './data-folder.ts';
import { adminTokenFile } from './identity.ts';
import { withPaths } from './named-paths.ts';
import { readText } from './read-text.ts';
import type { Config } from './schema.ts';

/** In the data folder while a factory reset is under way: what is to stay there. No gateway starts before it is finished. */
const markName = 'factory-reset';
/** The lock belongs to whoever holds it. */
const staysByName = new RegExp(`^(portcullis\\.lock.*|${markName})$`);
const markSchema = z.array(z.string());

export interface Removed {
  readonly files: number;
  readonly bytes: number;
}

export const isResetting = (dataDir: string): boolean => existsSync(join(dataDir, markName));

/** Whether a folder is one that a gateway has made its own: no other is emptied. */
export const holdsGateway = (dataDir: string): boolean =>
  existsSync(join(dataDir, adminTokenFile)) || isResetting(dataDir);

/** What stays: the configuration and the files that it names, but for those that a passport brought. */
export function configuredFiles(path: string, config: Config): string[] {
  const files: string[] = [resolve(path)];
  withPaths(config, (named, key) => {
    const isFolder = ['dataDir', 'flows.folder', 'plugins.dir', 'rules.dir'].includes(key);
    if (!isFolder && !isBelow(join(config.dataDir, 'configuration'), named)) files.push(named);
    return named;
  });
  return files;
}

/** Removes what people put in through the gateway and the configuration has elsewhere: installed plugins and the site's rules. */
export async function removeBeyond({ plugins, rules }: Config): Promise<Removed> {
  const installed = plugins.dir === undefined ? [] : await matching(plugins.dir, /^\.versions$|\.plugin\.tgz$/);
  const own = rules.dir === undefined ? [] : await matching(rules.dir, /\.yaml$/);
  return removeAll([...installed, ...own], new Set());
}

/** Empties the data folder. Nobody else may use it meanwhile; whatever ends this on the way, the mark has the next start go on. */
export async function emptyDataFolder(dataDir: string, keeps: readonly string[]): Promise<Removed> {
  // Before anything goes: a gateway that is not root could not read what root was killed over.
  await forItsOwner(dataDir, () => atomicWrite(join(dataDir, markName), JSON.stringify(keeps)));
  return finishReset(dataDir);
}

/** Goes on with what `emptyDataFolder` began. Throws FILE_UNREADABLE where its mark does not say what is to stay. */
export async function finishReset(dataDir: string): Promise<Removed> {
  const keeps = new Set(await readMark(join(dataDir, markName)));
  const removed = await removeAll(await matching(dataDir, /./), keeps);
  await syncFolder(dataDir);
  await unlink(join(dataDir, markName));
  await syncFolder(dataDir);
  return removed;
}

async function readMark(file: string): Promise<string[]> {
  try {
    return markSchema.parse(JSON.parse(await readText(file)));
  } catch (cause) {
    throw new PortcullisError('FILE_UNREADABLE', `${file} is damaged. Run portcullis factory-reset again.`, { cause });
  }
}

/** What a folder has directly below it; nothing where there is no folder. */
async function matching(folder: string, name: RegExp): Promise<string[]> {
  const names = existsSync(folder) ? await readdir(folder) : [];
  return names.filter((one) => name.test(one) && !staysByName.test(one)).map((one) => join(folder, one));
}

async function removeAll(paths: readonly string[], keeps: ReadonlySet<string>): Promise<Removed> {
  let [files, bytes] = [0, 0];
  for (const path of paths) {
    const removed = keeps.has(path) ? { files: 0, bytes: 0 } : await remove(path, keeps);
    files += removed.files;
    bytes += removed.bytes;
  }
  return { files, bytes };
}

/** Links are removed, never followed. A folder stays where something in it does. */
async function remove(path: string, keeps: ReadonlySet<string>): Promise<Removed> {
  const found = await lstat(path);
  if (!found.isDirectory()) {
    await rm(path, { force: true });
    return { files: 1, bytes: found.size };
  }
  // Folders of admitted plugins are read-only for their owner too.
  if ((found.mode & 0o300) !== 0o300) await chmod(path, 0o700);
  const removed = await removeAll(
    (await readdir(path)).map((name) => join(path, name)),
    keeps,
  );
  if (![...keeps].some((kept) => isBelow(path, kept))) await rmdir(path);
  return removed;
}

const isBelow = (outer: string, path: string): boolean => path.startsWith(`${outer}/`);
