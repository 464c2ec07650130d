import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, lstat, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Manifest } from '../../contracts/passport.ts';

/**
 * What of the data folder is not of the gateway: the live database (its copy goes along), locks, what was set aside, what is on
 * its way in or out, also for this machine's root, sockets' folder, the configuration that a passport brought (the one that runs goes along) and the last good one, and the store of admitted
 * plugins, which each start fills from the plugins themselves.
 */
const left =
  /^(portcullis\.(db|lock|salvaged\.db).*|portcullis\.damaged|quarantine|uploads|flows|gateway-epoch|fenced|update|passport.*|before-passport.*|configuration|\.[^/]*\.last-good|admission\/store|.*\.tmp)$/;

const mostFiles = 9_000;

/** What waits in the data folder for root of this machine. A passport may hold it; a gateway that comes out of one does without. */
export const forRoot = 'update';

/** Whether a path of a passport is one that a gateway of ours puts there, or may have put there. */
export function mayTravel(path: string): boolean {
  const own = /^data\/(?<path>.+)$/.exec(path)?.groups?.['path'];
  if (own === undefined) return false;
  const isSafe = own.split('/').every((part) => !['', '.', '..'].includes(part) && !/[\0\\]/.test(part));
  const isKnown = own === 'portcullis.db' || own.startsWith('configuration/') || own.startsWith(`${forRoot}/`);
  return isSafe && (isKnown || !isLeft(own));
}

/** A path that is left out, or lies below one. */
function isLeft(path: string): boolean {
  const parts = path.split('/');
  return parts.some((_, n) => left.test(parts.slice(0, n + 1).join('/')));
}

/** Paths of the data folder that belong to the gateway, beside its database; anything but plain files is left out. */
export async function ownFiles(dataDir: string): Promise<string[]> {
  const found: string[] = [];
  const look = async (folder: string): Promise<void> => {
    const entries = await readdir(join(dataDir, folder), { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (left.test(path)) continue;
      if (entry.isDirectory()) await look(path);
      else if (entry.isFile()) found.push(path);
      if (found.length > mostFiles)
        throw new PortcullisError('LIMIT_EXCEEDED', `${dataDir} holds more than ${mostFiles} files.`);
    }
  };
  await look('');
  return found;
}

/** Copies files, so that they hold still while they are hashed and packed. One that has just gone is left out. */
export async function stage(from: string, paths: readonly string[], into: string): Promise<void> {
  await mkdir(into, { recursive: true, mode: 0o700 });
  for (const path of paths) {
    await mkdir(dirname(join(into, path)), { recursive: true, mode: 0o700 });
    await copyFile(join(from, path), join(into, path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

/** How many bytes files of a folder have together. One that has just gone has none. */
export async function bytesOf(folder: string, paths: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const path of paths) bytes += (await lstat(join(folder, path)).catch(() => ({ size: 0 }))).size;
  return bytes;
}

/** Every file below a folder, with size and hash, by its path in there. */
export async function listFiles(folder: string): Promise<Manifest['files'][number][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files: Manifest['files'][number][] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const from = join(entry.parentPath, entry.name);
    const { size } = await lstat(from);
    files.push({ path: from.slice(folder.length + 1), size, sha256: await hashOf(createReadStream(from)) });
  }
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

async function hashOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}
