import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { PortcullisError } from '../../contracts/errors.ts';
import type { SourceTree } from './types.ts';

/** A package larger than this is refused before it is looked at. */
export const treeLimits = { bytes: 128 * 1024 * 1024, files: 20_000, depth: 40, fileBytes: 32 * 1024 * 1024 } as const;

/** Never part of a package: what version control and the operating systems leave behind. */
const leftOut = new Set(['.git', '.hg', '.svn', '.DS_Store']);

/**
 * Reads a package folder, each file once; nothing is read again later. Symbolic links and special files are listed
 * and never followed, the folder itself included. Throws PortcullisError (FILE_UNREADABLE) when the folder cannot be read or is too big.
 */
export async function readSourceTree(root: string): Promise<SourceTree> {
  const files = new Map<string, Uint8Array>();
  const links = new Map<string, string>();
  let bytes = 0;

  const visit = async (folder: string, depth: number): Promise<void> => {
    if (depth > treeLimits.depth) throw tooBig(root, `is nested deeper than ${treeLimits.depth} folders`);
    const entries = await readdir(join(root, folder), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => compareText(a.name, b.name))) {
      if (leftOut.has(entry.name)) continue;
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      // npm's own links to commands: the gateway never starts one, and a bundle does not hold them.
      if (path.endsWith('node_modules/.bin')) continue;
      if (entry.isDirectory()) await visit(path, depth + 1);
      else if (entry.isFile()) {
        const content = await readOnce(join(root, path), treeLimits.bytes - bytes);
        bytes += content.byteLength;
        files.set(path, content);
      } else links.set(path, entry.isSymbolicLink() ? await readlink(join(root, path)) : 'a special file');
      if (files.size + links.size > treeLimits.files) throw tooBig(root, `has more than ${treeLimits.files} files`);
    }
  };

  try {
    if (!(await lstat(root)).isDirectory()) throw tooBig(root, 'is not a folder');
    await visit('', 0);
  } catch (error) {
    if (error instanceof PortcullisError) throw error;
    throw new PortcullisError('FILE_UNREADABLE', `The plugin folder ${root} cannot be read.`, { cause: error });
  }
  return { files, links };
}

function tooBig(root: string, what: string): PortcullisError {
  return new PortcullisError('FILE_UNREADABLE', `The plugin folder ${root} ${what}.`);
}

/** O_NOFOLLOW: a file that became a link since it was listed is not followed. */
async function readOnce(path: string, room: number): Promise<Uint8Array> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const { size } = await file.stat();
  if (size > Math.min(room, treeLimits.fileBytes)) {
    throw new PortcullisError('FILE_UNREADABLE', `${path} is larger than a plugin may be.`);
  }
  const content = new Uint8Array(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await file.read(content, filled, size - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return content.subarray(0, filled);
}

/** Order by UTF-16 code units: the same on every machine, unlike a locale's. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Hex SHA-256 of every file, in the order of the paths. */
export function fileHashes(tree: SourceTree): ReadonlyMap<string, string> {
  const paths = [...tree.files.keys()].sort(compareText);
  return new Map(paths.map((path) => [path, sha256(tree.files.get(path) ?? '')]));
}

/**
 * Hex SHA-256 over the sorted list of paths and hashes: `<hash>  <path>\n` for files, `link  <path> -> <target>\n`
 * for links. Paths are JSON texts, so that no name can forge a line.
 */
export function treeHash(tree: SourceTree, hashes: ReadonlyMap<string, string> = fileHashes(tree)): string {
  const lines = [...hashes].map(([path, hash]) => `${hash}  ${JSON.stringify(path)}\n`);
  const links = [...tree.links].sort(([a], [b]) => compareText(a, b));
  return sha256(
    [...lines, ...links.map(([path, to]) => `link  ${JSON.stringify(path)} -> ${JSON.stringify(to)}\n`)].join(''),
  );
}
