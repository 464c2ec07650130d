import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Replaces a file so that a power cut leaves the old content or the new, never between: write beside it, fsync,
 * rename, fsync the folder.
 */
export async function atomicWrite(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  await replace(path, mode, (file) => file.writeFile(content));
}

/** The same for what is made piece by piece: a failure on the way leaves the old file. */
export async function writeInPieces(path: string, pieces: AsyncIterable<Uint8Array>, mode = 0o600): Promise<void> {
  await replace(path, mode, async (file) => {
    for await (const piece of pieces) await file.appendFile(piece);
  });
}

/** Removes what was written beside a file by processes that were killed before it had its name. Nobody may be writing it. */
export async function removeUnnamed(path: string): Promise<void> {
  const [folder, start] = [dirname(path), `${basename(path)}.`];
  for (const name of await readdir(folder)) {
    const isUnnamed = name.startsWith(start) && /^\d+\.tmp$/.test(name.slice(start.length));
    if (isUnnamed) await rm(join(folder, name), { force: true });
  }
}

type File = Awaited<ReturnType<typeof open>>;

async function replace(path: string, mode: number, write: (file: File) => Promise<void>): Promise<void> {
  const beside = `${path}.${process.pid}.tmp`;
  try {
    await writeWhole(beside, mode, write);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

async function writeWhole(path: string, mode: number, write: (file: File) => Promise<void>): Promise<void> {
  await using file = await open(path, 'w', mode);
  await write(file);
  await file.sync();
}

/** What was renamed, made or removed in a folder is so after a power cut too. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
