import { access, lchown, lstat, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PortcullisError } from '../../contracts/errors.ts';

/**
 * Makes the data folder, readable for the gateway's user only, with the folders above it. Node's own recursive `mkdir`
 * never returns where a file system lets nobody create anything (`/proc`).
 */
export async function makeDataFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // What exists may be a file; the dot tells (ENOTDIR).
    if (code === 'EEXIST') return access(`${path}/.`);
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeDataFolder(dirname(path));
    await mkdir(path, { mode: 0o700 }).catch((again: NodeJS.ErrnoException) => {
      if (again.code !== 'EEXIST') throw again;
    });
  }
}

/** Runs a step that writes into the data folder; what the file system says against it becomes one sentence. */
export async function inDataFolder<Result>(dataDir: string, step: () => Promise<Result>): Promise<Result> {
  try {
    return await step();
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (cause instanceof PortcullisError || code === undefined || syscall === undefined) throw cause;
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new PortcullisError('DISK_FULL', `There is no room for the data folder ${dataDir} (${code}).`, { cause });
    }
    const sentence = `dataDir ${dataDir} cannot be used (${code}). It must be a folder that the gateway's user may write.`;
    throw new PortcullisError('FILE_UNREADABLE', sentence, { cause });
  }
}

/**
 * Runs a step that writes into a folder of the gateway. What root leaves there goes to whose the folder is, also when the step fails: a
 * gateway that is not root could not even open it.
 */
export async function forItsOwner<Result>(folder: string, step: () => Promise<Result>): Promise<Result> {
  try {
    return await step();
  } finally {
    if (process.getuid?.() === 0) await unlessGone(giveToOwner(folder));
  }
}

async function giveToOwner(folder: string): Promise<void> {
  const owner = await lstat(folder);
  if (owner.uid === 0) return;
  const look = async (inner: string): Promise<void> => {
    for (const entry of await readdir(inner, { withFileTypes: true })) {
      const path = join(inner, entry.name);
      await unlessGone(give(path, owner));
      if (entry.isDirectory()) await unlessGone(look(path));
    }
  };
  await look(folder);
}

/** A file with a second name is left: that name may lie elsewhere, where its owner counts. */
async function give(path: string, { uid, gid }: { readonly uid: number; readonly gid: number }): Promise<void> {
  const found = await lstat(path);
  if (found.uid === 0 && (found.isDirectory() || found.nlink === 1)) await lchown(path, uid, gid);
}

/** The gateway may be running, and take away what is being looked at. */
async function unlessGone(looking: Promise<void>): Promise<void> {
  await looking.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
