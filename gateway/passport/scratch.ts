import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const prefix = 'passport-scratch-';

/** A folder of its own in the data folder, which goes when it is disposed. */
export interface Scratch extends AsyncDisposable {
  readonly path: string;
  /** Makes a folder in it. */
  folder(name: string): Promise<string>;
  remove(name: string): Promise<void>;
}

export async function openScratch(dataDir: string): Promise<Scratch> {
  const path = await mkdtemp(join(dataDir, prefix));
  return {
    path,
    folder: async (name) => {
      const made = join(path, name);
      await mkdir(made, { mode: 0o700 });
      return made;
    },
    remove: (name) => rm(join(path, name), { recursive: true }),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** Removes what a crash left; nothing may be under way in the data folder. */
export async function clearScratch(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir))
    if (name.startsWith(prefix)) await rm(join(dataDir, name), { recursive: true, force: true });
}
