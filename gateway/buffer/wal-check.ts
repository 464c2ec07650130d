import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { pageBytes } from './database.ts';

export const walHeaderBytes = 32;
export const frameHeaderBytes = 24;
const frameBytes = frameHeaderBytes + pageBytes;

/** Where the frames of a write-ahead log of that size begin. */
export function frameStarts(walBytes: number): number[] {
  const count = Math.max(0, Math.floor((walBytes - walHeaderBytes) / frameBytes));
  return Array.from({ length: count }, (_, i) => walHeaderBytes + i * frameBytes);
}

/**
 * Whether SQLite would silently ignore commits that are in the write-ahead log (sqlite.org/fileformat2.html, section 4):
 * it reads up to the first frame whose salts or checksum are wrong. A commit that a power cut interrupted ends so as well;
 * but as every commit is synced before the next is written, what follows that commit's own end was acknowledged.
 */
export function isWalDamaged(database: string): boolean {
  const name = `${database}-wal`;
  if (!existsSync(name)) return false;
  const file = openSync(name, 'r');
  try {
    const { size } = fstatSync(file);
    if (size === 0) return false;
    if (isEmptyFile(database)) return true;
    const header = Buffer.from(new ArrayBuffer(walHeaderBytes));
    readSync(file, header);
    if (header.readUInt32BE(0) !== summedLittleEndian) return true;
    const starts = frameStarts(size);
    let sum: Sum = checksum(wordsOf(header.subarray(0, 24)), [0, 0]);
    if (!isSum(sum, header, 24)) return starts.length > 0;
    const [frame, salts] = [Buffer.from(new ArrayBuffer(frameBytes)), header.subarray(16, 24)];
    const [about, page] = [wordsOf(frame.subarray(0, 8)), wordsOf(frame.subarray(frameHeaderBytes))];
    let [sawBreak, sawEnd] = [false, false];
    for (const at of starts) {
      readSync(file, frame, 0, sawBreak ? frameHeaderBytes : frameBytes, at);
      const isOfThisLog = frame.compare(salts, 0, 8, 8, 16) === 0;
      if (!sawBreak) {
        sum = checksum(page, checksum(about, sum));
        sawBreak = !isOfThisLog || !isSum(sum, frame, 16);
      } else if (isOfThisLog && sawEnd) return true;
      if (sawBreak) sawEnd ||= frame.readUInt32BE(4) !== 0;
    }
    return false;
  } finally {
    closeSync(file);
  }
}

/**
 * Beside a database of no bytes SQLite deletes the log, with all that is in it. No cut leaves that behind: the first page is
 * synced before there is a log.
 */
export const isEmptyFile = (database: string): boolean =>
  (statSync(database, { throwIfNoEntry: false })?.size ?? 0) === 0;

type Sum = readonly [number, number];

/** The magic number of a log whose words are summed as this machine has them: SQLite writes no other on ARM and x86. */
const summedLittleEndian = 0x377f0682;

const wordsOf = (bytes: Buffer): Uint32Array => new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);

/** fileformat2.html, section 4.2. */
function checksum(words: Uint32Array, [first, second]: Sum): Sum {
  let [a, b] = [first, second];
  for (let i = 0; i < words.length; i += 2) {
    a = (a + (words[i] ?? 0) + b) >>> 0;
    b = (b + (words[i + 1] ?? 0) + a) >>> 0;
  }
  return [a, b];
}

const isSum = ([a, b]: Sum, bytes: Buffer, at: number): boolean =>
  bytes.readUInt32BE(at) === a && bytes.readUInt32BE(at + 4) === b;
