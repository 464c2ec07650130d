import { PortcullisError } from '../../../contracts/errors.ts';
import { readTarHeader, tarBlock, tarHeader, tarPadding } from '../../lib/tar-header.ts';

/** Writes files in the order given, with equal times and modes: the same files make the same bytes. */
export function writeTar(files: Iterable<readonly [path: string, content: Uint8Array]>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [path, content] of files) {
    const head = tarHeader(path, content.byteLength);
    if (head === undefined) throw new PortcullisError('USAGE', `The path ${path} is too long for a bundle.`);
    parts.push(head, content, new Uint8Array(tarPadding(content.byteLength)));
  }
  parts.push(new Uint8Array(2 * tarBlock));
  return Buffer.concat(parts);
}

/** Reads an archive. Throws PortcullisError (FILE_UNREADABLE) for anything but plain files with safe, distinct paths. */
export function readTar(archive: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let at = 0;
  while (at + tarBlock <= archive.byteLength) {
    const entry = readTarHeader(archive.subarray(at, at + tarBlock), refused);
    if (entry === undefined) return files;
    const { path, size } = entry;
    const end = at + tarBlock + size;
    if (end > archive.byteLength) throw refused('ends in the middle of a file');
    if (files.has(path)) throw refused(`has ${path} twice`);
    files.set(path, archive.slice(at + tarBlock, end));
    at = end + tarPadding(size);
  }
  throw refused('has no end');
}

function refused(what: string): PortcullisError {
  return new PortcullisError('FILE_UNREADABLE', `The bundle ${what}.`);
}
