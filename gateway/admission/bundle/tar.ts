import { PortcullisError } from '../../../contracts/errors.ts';

/**
 * The part of the POSIX ustar format (IEEE Std 1003.1, pax, "ustar Interchange Format") that a bundle needs: regular
 * files in blocks of 512 bytes. Everything else in an archive is refused, so that unpacking cannot surprise.
 */
const block = 512;
const text = new TextEncoder();

/** Writes files in the order given, with equal times and modes: the same files make the same bytes. */
export function writeTar(files: Iterable<readonly [path: string, content: Uint8Array]>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [path, content] of files) {
    parts.push(header(path, content.byteLength), content, new Uint8Array(-content.byteLength & (block - 1)));
  }
  parts.push(new Uint8Array(2 * block));
  return Buffer.concat(parts);
}

function header(path: string, size: number): Uint8Array {
  const head = new Uint8Array(block);
  const put = (at: number, value: string): void => head.set(text.encode(value), at);
  const [prefix, name] = split(path);
  put(0, name);
  put(100, '0000644\0');
  put(108, '0000000\0');
  put(116, '0000000\0');
  put(124, `${size.toString(8).padStart(11, '0')}\0`);
  put(136, '00000000000\0');
  put(148, ' '.repeat(8));
  put(156, '0');
  put(257, 'ustar\u000000');
  put(345, prefix);
  put(148, `${checksum(head).toString(8).padStart(6, '0')}\0 `);
  return head;
}

/** A name has 100 bytes, and 155 more for the folders in front of it. */
function split(path: string): readonly [prefix: string, name: string] {
  if (text.encode(path).byteLength <= 100) return ['', path];
  for (let cut = path.indexOf('/'); cut > 0; cut = path.indexOf('/', cut + 1)) {
    const [prefix, name] = [path.slice(0, cut), path.slice(cut + 1)];
    if (text.encode(name).byteLength <= 100 && text.encode(prefix).byteLength <= 155) return [prefix, name];
  }
  throw new PortcullisError('USAGE', `The path ${path} is too long for a bundle.`);
}

function checksum(head: Uint8Array): number {
  let sum = 0;
  for (const byte of head) sum += byte;
  return sum;
}

/** Reads an archive. Throws PortcullisError (FILE_UNREADABLE) for anything but plain files with safe, distinct paths. */
export function readTar(archive: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let at = 0;
  while (at + block <= archive.byteLength) {
    const head = archive.subarray(at, at + block);
    if (head.every((byte) => byte === 0)) return files;
    const { path, size } = entryOf(head);
    const end = at + block + size;
    if (end > archive.byteLength) throw refused('ends in the middle of a file');
    if (files.has(path)) throw refused(`has ${path} twice`);
    files.set(path, archive.slice(at + block, end));
    at = end + (-size & (block - 1));
  }
  throw refused('has no end');
}

function entryOf(head: Uint8Array): { path: string; size: number } {
  const field = (from: number, length: number): string => {
    const bytes = head.subarray(from, from + length);
    const end = bytes.indexOf(0);
    return new TextDecoder('utf-8', { fatal: true }).decode(end < 0 ? bytes : bytes.subarray(0, end));
  };
  const blank = Uint8Array.from(head);
  blank.fill(0x20, 148, 156);
  if (Number.parseInt(field(148, 8).trim(), 8) !== checksum(blank)) throw refused('has a wrong checksum');
  if (field(257, 5) !== 'ustar' || head[156] !== 0x30) throw refused('holds something that is no plain file');
  const sizeText = field(124, 12).trim();
  if (!/^[0-7]{1,11}$/.test(sizeText)) throw refused('has a wrong size');
  const prefix = field(345, 155);
  const path = prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`;
  if (!isSafe(path)) throw refused('has a path that leaves the package');
  return { path, size: Number.parseInt(sizeText, 8) };
}

function isSafe(path: string): boolean {
  if (path === '' || path.includes('\\') || path.includes('\0')) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

function refused(what: string): PortcullisError {
  return new PortcullisError('FILE_UNREADABLE', `The bundle ${what}.`);
}
