import type { KeyObject } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { PortcullisError } from '../../../contracts/errors.ts';
import { packageIdentity } from '../identity.ts';
import { fileListName } from '../integrity/file-list.ts';
import type { FileList } from '../integrity/file-list.ts';
import { signManifest, signatureFile } from '../integrity/signature.ts';
import { readTar, writeTar } from './tar.ts';
import { compareText, fileHashes, treeLimits } from '../source-tree.ts';
import type { SourceTree } from '../types.ts';

/** How a packed plugin's file name ends. */
export const bundleSuffix = '.plugin.tgz';

export interface Signer {
  readonly id: string;
  readonly key: KeyObject;
  readonly at: Date;
}

/**
 * One signed bundle of a package: every file hashed in MANIFEST.json, the list signed with Ed25519, nothing beside it.
 * Throws PortcullisError (USAGE) when the package has links or no name and version.
 */
export function packBundle(
  tree: SourceTree,
  signer: Signer,
): { readonly name: string; readonly bytes: Uint8Array; readonly files: number } {
  const [link] = tree.links.keys();
  if (link !== undefined) throw new PortcullisError('USAGE', `${link} is a link: a bundle holds plain files only.`);
  const { name, version } = packageIdentity(tree) ?? {};
  if (name === undefined || version === undefined) {
    throw new PortcullisError('USAGE', 'A package to pack needs a package.json with name and version.');
  }
  const files = new Map([...tree.files].filter(([path]) => path !== fileListName && path !== signatureFile));
  const hashes = fileHashes({ files, links: new Map() });
  const list: FileList = {
    format: 'portcullis-files/v1',
    package: name,
    version,
    files: Object.fromEntries([...hashes].map(([path, hash]) => [path, `sha256-${hash}`])),
  };
  const listBytes = Buffer.from(`${JSON.stringify(list, null, 2)}\n`);
  files.set(fileListName, listBytes);
  files.set(signatureFile, Buffer.from(`${JSON.stringify(signManifest(listBytes, signer), null, 2)}\n`));
  const ordered = [...files].sort(([a], [b]) => compareText(a, b));
  const fileName = `${bundleName(name)}-${version}${bundleSuffix}`;
  return { name: fileName, bytes: gzipSync(writeTar(ordered), { level: 9 }), files: files.size };
}

/** What a package's bundle is called, without version: no slash, no @ in front. */
export function bundleName(packageName: string): string {
  return packageName.replace(/^@/, '').replaceAll('/', '-');
}

/** Unpacks a bundle in memory. Throws PortcullisError (FILE_UNREADABLE) when it is no bundle or larger than a package may be. */
export function readBundle(bytes: Uint8Array): SourceTree {
  let archive: Uint8Array;
  try {
    archive = gunzipSync(bytes, { maxOutputLength: treeLimits.bytes });
  } catch (error) {
    throw new PortcullisError('FILE_UNREADABLE', 'The bundle is no gzip archive, or larger than a plugin may be.', {
      cause: error,
    });
  }
  const files = readTar(archive);
  if (files.size > treeLimits.files) throw new PortcullisError('FILE_UNREADABLE', 'The bundle has too many files.');
  return { files, links: new Map() };
}
