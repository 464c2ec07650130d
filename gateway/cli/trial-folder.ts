import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentStore } from '../admission/store.ts';
import type { SourceTree } from '../admission/types.ts';

/** A copy of checked bytes that goes away with its trial. */
export interface TrialFolder extends AsyncDisposable {
  readonly stored: string;
}

export async function openTrialFolder(tree: SourceTree): Promise<TrialFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-trial-'));
  try {
    return { stored: await contentStore(folder).put(tree), [Symbol.asyncDispose]: () => removeTree(folder) };
  } catch (error) {
    await removeTree(folder);
    throw error;
  }
}

/** The store makes its folders read-only, and a folder must be writable to be emptied. */
async function removeTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of folders) await chmod(path, 0o700);
  await rm(folder, { recursive: true, force: true });
}
