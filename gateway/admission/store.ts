import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PortcullisError } from '../../contracts/errors.ts';
import { readSourceTree, treeHash } from './source-tree.ts';
import type { SourceTree } from './types.ts';

/** Admitted packages by their content. What a cell runs comes from here, never from where the plugin was found. */
export interface Store {
  /** Writes the bytes that were checked, read-only, and returns their folder. A tree that is there is verified, not trusted. */
  put(tree: SourceTree): Promise<string>;
  /**
   * The folder of a tree, after reading every byte again. Throws PortcullisError (PLUGIN_TAMPERED) when they are not what
   * was checked, FILE_UNREADABLE when the tree is not there.
   */
  open(hash: string): Promise<string>;
}

/** The store below `<folder>/sha256/<tree>/`. Writes nothing until the first `put`. */
export function contentStore(folder: string): Store {
  const place = (hash: string): string => join(folder, 'sha256', hash);

  const verify = async (hash: string): Promise<string> => {
    if (!/^[0-9a-f]{64}$/.test(hash)) throw new PortcullisError('FILE_UNREADABLE', 'A tree is named by 64 hex digits.');
    const found = treeHash(await readSourceTree(place(hash)));
    if (found !== hash) {
      throw new PortcullisError(
        'PLUGIN_TAMPERED',
        `PC-I101: the stored plugin ${hash.slice(0, 12)} was changed after its check.`,
      );
    }
    return place(hash);
  };

  return {
    open: verify,
    put: async (tree) => {
      if (tree.links.size > 0)
        throw new PortcullisError('PLUGIN_TAMPERED', 'A package with symbolic links is not stored.');
      const hash = treeHash(tree);
      if (await exists(place(hash))) return verify(hash);
      const beside = join(folder, 'sha256', `.${hash.slice(0, 12)}.${randomBytes(6).toString('hex')}`);
      try {
        await writeTree(beside, tree);
        await rename(beside, place(hash));
        await chmod(place(hash), 0o555);
      } catch (error) {
        await rm(beside, { recursive: true, force: true });
        // Somebody else stored the same tree meanwhile: then theirs is verified like any other.
        if (!(await exists(place(hash)))) throw error;
      }
      return verify(hash);
    },
  };
}

async function writeTree(root: string, tree: SourceTree): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o755 });
  const folders = new Set<string>();
  for (const [path, content] of tree.files) {
    const target = join(root, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o755 });
    for (let at = dirname(target); at.length > root.length; at = dirname(at)) folders.add(at);
    await using file = await open(target, 'wx', 0o444);
    await file.writeFile(content);
    // Whatever the gateway's umask is: a cell may be another user.
    await file.chmod(0o444);
    await file.sync();
  }
  // Deepest first: a folder must be writable until its children are done. The root stays 0755 until it is renamed.
  for (const path of [...folders].sort((a, b) => b.length - a.length)) await chmod(path, 0o555);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
