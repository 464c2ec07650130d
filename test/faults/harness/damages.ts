import type { Random } from './random.ts';

/** What is damaged, when it was copied, and which file it is. */
export const targets = {
  database: { after: 'end', file: 'portcullis.db' },
  'database beside a log': { after: 'kill', file: 'portcullis.db' },
  log: { after: 'kill', file: 'portcullis.db-wal' },
  index: { after: 'kill', file: 'portcullis.db-shm' },
} as const;
export type Target = keyof typeof targets;

const pageBytes = 1_024;

const noise = (length: number, random: Random): Buffer =>
  Buffer.from(Uint8Array.from({ length }, () => random.below(256)));

const pageAt = (bytes: Buffer, random: Random): number =>
  pageBytes * random.below(Math.max(1, Math.floor(bytes.length / pageBytes)));

const flip = (count: number) => (bytes: Buffer, random: Random) => {
  for (let times = 0; times < count; times++) {
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  }
  return bytes;
};

const overwrite =
  (length: number, make: (length: number, random: Random) => Buffer, where = pageAt) =>
  (bytes: Buffer, random: Random) => {
    make(length, random).copy(bytes, where(bytes, random));
    return bytes;
  };

const start = (): number => 0;
const zeros = (length: number): Buffer => Buffer.alloc(length);

/** Each gets a copy of the file's bytes and returns what becomes of it. */
export const damages = {
  'a flipped bit': flip(1),
  '64 flipped bits': flip(64),
  'a page of zeros': overwrite(pageBytes, zeros),
  'four pages of zeros': overwrite(4 * pageBytes, zeros),
  'a page of noise': overwrite(pageBytes, noise),
  'a page over another': (bytes: Buffer, random: Random) => {
    const from = pageAt(bytes, random);
    bytes.copy(bytes, pageAt(bytes, random), from, from + pageBytes);
    return bytes;
  },
  'two pages swapped': (bytes: Buffer, random: Random) => {
    const [one, other] = [pageAt(bytes, random), pageAt(bytes, random)];
    const kept = Buffer.from(bytes.subarray(one, one + pageBytes));
    bytes.copy(bytes, one, other, other + pageBytes);
    kept.copy(bytes, other);
    return bytes;
  },
  'its halves swapped': (bytes: Buffer) => {
    const half = Math.floor(bytes.length / 2);
    return Buffer.concat([bytes.subarray(half), bytes.subarray(0, half)]);
  },
  'a header of noise': overwrite(100, noise, start),
  'a header of zeros': overwrite(100, zeros, start),
  'a wrong number in the header': (bytes: Buffer, random: Random) => {
    bytes.writeUInt32BE(random.below(2 ** 32), 4 * random.below(25));
    return bytes;
  },
  'nothing but zeros': (bytes: Buffer) => bytes.fill(0),
  'half of it': (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length / 2)),
  'an end at any byte': (bytes: Buffer, random: Random) => bytes.subarray(0, random.below(bytes.length)),
  'nothing at all': () => Buffer.alloc(0),
  'a last quarter of noise': (bytes: Buffer, random: Random) => {
    const from = Math.floor((3 * bytes.length) / 4);
    noise(bytes.length - from, random).copy(bytes, from);
    return bytes;
  },
} as const satisfies Record<string, (bytes: Buffer, random: Random) => Buffer>;
export type Damage = keyof typeof damages;

/**
 * Damages of the log that look as a power cut does: its end is gone, and nothing says that there was one. Beyond the last
 * commits, of which any damage may be such an end.
 */
export const looksLikeACut: ReadonlySet<Damage> = new Set<Damage>([
  'half of it',
  'an end at any byte',
  'nothing at all',
  'a last quarter of noise',
]);
