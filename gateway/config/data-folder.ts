import { access, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
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
