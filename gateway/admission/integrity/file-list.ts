import { z } from 'zod';
import { sha256, treeHash } from '../source-tree.ts';
import type { SourceTree, Violation } from '../types.ts';
import { violation } from '../violation.ts';
import { signatureFile } from './signature.ts';

/** The vendor's own list of every file of the package; it is what is signed. */
export const fileListName = 'MANIFEST.json';
/** The two files that a list cannot name: itself and the signatures over it. */
const aboutTheList = new Set([fileListName, signatureFile]);

const fileListDocument = z.strictObject({
  format: z.literal('portcullis-files/v1'),
  package: z.string().max(256),
  version: z.string().max(128),
  files: z.record(z.string().max(1024), z.string().regex(/^sha256-[0-9a-f]{64}$/)),
});
const plainList = z.record(z.string().max(1024), z.string().regex(/^sha256[-:]/));
export type FileList = z.output<typeof fileListDocument>;

/** Whether a hash of a document (hex or base64, `-` or `:`) is the SHA-256 of these bytes. Compared whole. */
export function hashEquals(written: string, hex: string): boolean {
  const value = written.replace(/^sha256[-:]/, '');
  return value.length === 44 ? value === Buffer.from(hex, 'hex').toString('base64') : value.toLowerCase() === hex;
}

/** Compares a package with a list of hashes: changed and missing files are PC-I101, files beside the list PC-I102. */
export function checkFiles(
  tree: SourceTree,
  list: Readonly<Record<string, string>>,
  path: string,
): readonly Violation[] {
  const found: Violation[] = [];
  for (const [file, hash] of Object.entries(list)) {
    const content = tree.files.get(file);
    if (!content)
      found.push(violation('PC-I101', path, { subject: file, expected: hash, observed: 'the file is missing' }));
    else if (!hashEquals(hash, sha256(content))) {
      found.push(
        violation('PC-I101', path, { subject: file, file, expected: hash, observed: `sha256-${sha256(content)}` }),
      );
    }
  }
  for (const file of tree.files.keys()) {
    if (Object.hasOwn(list, file) || aboutTheList.has(file)) continue;
    found.push(
      violation('PC-I102', path, {
        subject: file,
        file,
        expected: 'only listed files',
        observed: 'a file that is not listed',
      }),
    );
  }
  return found;
}

export function checkTree(tree: SourceTree, expected: string | undefined): readonly Violation[] {
  if (expected === undefined) return [];
  const hash = treeHash(tree);
  return hashEquals(expected, hash)
    ? []
    : [violation('PC-I101', 'integrity.tree', { expected, observed: `sha256-${hash}` })];
}

/** The package's own list, checked whenever there is one; `required` when the contract asks for it. */
export function checkFileList(tree: SourceTree, required: boolean): readonly Violation[] {
  const path = required ? 'integrity.files' : '';
  const bytes = tree.files.get(fileListName);
  if (!bytes) {
    return required
      ? [violation('PC-I101', path, { subject: fileListName, expected: fileListName, observed: 'the file is missing' })]
      : [];
  }
  const list = readFileList(bytes);
  if (!list) {
    return [
      violation('PC-I101', path, {
        subject: fileListName,
        file: fileListName,
        observed: 'not a file list of this version',
      }),
    ];
  }
  return checkFiles(tree, list, path);
}

/** Our own form, or a plain object of paths and hashes, which other tools write. */
function readFileList(bytes: Uint8Array): Readonly<Record<string, string>> | undefined {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return fileListDocument.safeParse(json).data?.files ?? plainList.safeParse(json).data;
  } catch {
    return undefined;
  }
}
