/**
 * The part of the POSIX ustar format (IEEE Std 1003.1, pax, "ustar Interchange Format") that is read and written here:
 * plain files in blocks of 512 bytes, with equal times and modes. Everything else is refused, so that unpacking cannot surprise.
 */
export const tarBlock = 512;
const text = new TextEncoder();

/** Bytes between the end of a file and the next header. */
export const tarPadding = (size: number): number => -size & (tarBlock - 1);

/** Undefined when the path is too long for the format: a name has 100 bytes, and 155 more for the folders in front of it. */
export function tarHeader(path: string, size: number): Uint8Array | undefined {
  const parts = split(path);
  if (parts === undefined) return undefined;
  const head = new Uint8Array(tarBlock);
  const put = (at: number, value: string): void => head.set(text.encode(value), at);
  const [prefix, name] = parts;
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

function split(path: string): readonly [prefix: string, name: string] | undefined {
  if (text.encode(path).byteLength <= 100) return ['', path];
  for (let cut = path.indexOf('/'); cut > 0; cut = path.indexOf('/', cut + 1)) {
    const [prefix, name] = [path.slice(0, cut), path.slice(cut + 1)];
    if (text.encode(name).byteLength <= 100 && text.encode(prefix).byteLength <= 155) return [prefix, name];
  }
  return undefined;
}

function checksum(head: Uint8Array): number {
  let sum = 0;
  for (const byte of head) sum += byte;
  return sum;
}

/** Reads a header block; undefined for the empty one at the end. Throws what `refused` makes of the end of a sentence. */
export function readTarHeader(
  head: Uint8Array,
  refused: (what: string) => Error,
): { readonly path: string; readonly size: number } | undefined {
  if (head.every((byte) => byte === 0)) return undefined;
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
