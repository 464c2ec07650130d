import { crc32, zstdCompressSync, zstdDecompressSync, constants } from 'node:zlib';
import { lanes, type Lane } from '../../contracts/sink.ts';
import type { RecordClass } from '../../contracts/message.ts';
import type { FollowedBatch } from '../../contracts/log-follower.ts';

/**
 * Where a lane's rows begin. The row of a batch has the id `base + first lsn`, so that one b-tree holds both lanes, each
 * lane is a range of it, and a commit at the end of the range touches one page.
 */
export const laneSpan = 2 ** 52;
export const laneBase = (lane: Lane): number => lanes.indexOf(lane) * laneSpan;
export const laneOf = (id: number): Lane => (id >= laneSpan ? 'normal' : 'urgent');

/** A batch as it is stored. `lsns` is present once records were taken out of its middle. */
export interface StoredBatch {
  readonly id: number;
  readonly last_lsn: number;
  readonly n: number;
  readonly boot: number;
  readonly wall_ms: number;
  readonly up_ms: number;
  readonly bytes: number;
  readonly classes: string;
  readonly devices: string;
  readonly lsns: string | null;
  readonly notes: string | null;
  readonly zstd: number;
  readonly crc: number;
  readonly data: Uint8Array;
}

/** A batch with its records taken apart: line `i` of `lines` is the record at `lsns[i]` of device `devices[i]`. */
export interface OpenBatch {
  readonly id: number;
  readonly lane: Lane;
  readonly boot: number;
  readonly wallMs: number;
  readonly upMs: number;
  readonly lsns: readonly number[];
  readonly devices: readonly string[];
  readonly lines: readonly string[];
}

export type DeviceCounts = readonly (readonly [device: string, count: number])[];
export type ClassCounts = Readonly<Partial<Record<RecordClass, number>>>;

/** What a batch is made of before it is stored. */
export interface NewBatch {
  readonly lane: Lane;
  readonly firstLsn: number;
  readonly n: number;
  readonly boot: number;
  readonly wallMs: number;
  readonly upMs: number;
  readonly text: string | Uint8Array;
  readonly devices: DeviceCounts;
  readonly classes: ClassCounts;
  readonly lsns?: readonly number[];
  readonly notes?: string | undefined;
}

/** Below this a compressed batch is rarely smaller. */
const compressFrom = 256;
const compressDevicesFrom = 512;

const compress = (plain: Uint8Array): Buffer =>
  zstdCompressSync(plain, { pledgedSrcSize: plain.length, params: { [constants.ZSTD_c_compressionLevel]: 1 } });

/** What zlib takes, and more than a commit is long. */
const chunk = { least: 64, most: 4 * 1024 * 1024 } as const;

/**
 * Into one buffer, where it is as long as expected: by default it comes in pieces that are put together. No checksum covers what
 * a row says of its length, so it may be anything; zlib takes its own choice for what is no number.
 */
const decompress = (packed: Uint8Array, expected: number): Buffer =>
  zstdDecompressSync(packed, { chunkSize: Math.min(Math.max(expected + 1, chunk.least), chunk.most) });

const checksum = (row: Omit<StoredBatch, 'crc' | 'notes'>): number =>
  crc32(
    row.data,
    crc32(`${row.id} ${row.last_lsn} ${row.n} ${row.boot} ${row.wall_ms} ${row.devices} ${row.lsns ?? ''}`),
  );

export function packBatch(batch: NewBatch): StoredBatch {
  const plain = typeof batch.text === 'string' ? Buffer.from(batch.text) : batch.text;
  const packed = plain.length < compressFrom ? plain : compress(plain);
  const zstd = packed.length < plain.length;
  const row = {
    id: laneBase(batch.lane) + batch.firstLsn,
    last_lsn: batch.lsns?.at(-1) ?? batch.firstLsn + batch.n - 1,
    n: batch.n,
    boot: batch.boot,
    wall_ms: Math.floor(batch.wallMs),
    up_ms: Math.floor(batch.upMs),
    bytes: plain.length,
    classes: JSON.stringify(batch.classes),
    devices: packDevices(batch.devices),
    lsns: batch.lsns ? JSON.stringify(batch.lsns) : null,
    zstd: zstd ? 1 : 0,
    data: zstd ? packed : plain,
  };
  return { ...row, notes: batch.notes ?? null, crc: checksum(row) };
}

export const isIntact = (row: StoredBatch): boolean => checksum(row) === row.crc;

/** JSON, or in a long list the base64 text of its compressed JSON: ids of devices are much alike. */
function packDevices(devices: DeviceCounts): string {
  const json = JSON.stringify(devices);
  return json.length < compressDevicesFrom ? json : compress(Buffer.from(json)).toString('base64');
}

export function deviceCounts({ devices }: Pick<StoredBatch, 'devices'>): DeviceCounts {
  const json = devices.startsWith('[') ? devices : zstdDecompressSync(Buffer.from(devices, 'base64')).toString();
  return JSON.parse(json) as DeviceCounts;
}

/** Reported like any other corruption of the file. */
export const corruptBatch = (says: string): Error => Object.assign(new Error(says), { code: 'SQLITE_CORRUPT_BATCH' });

/** Takes a batch apart. */
export const unpackBatch = (row: StoredBatch): OpenBatch => openBatch(plainBatch(row));

export type BatchHead = Pick<NewBatch, 'lane' | 'firstLsn' | 'n' | 'boot' | 'wallMs' | 'upMs' | 'devices' | 'lsns'>;
/** A batch whose text was not looked at. */
export type PlainBatch = Omit<BatchHead, 'devices'> & { readonly bytes: Buffer; readonly devices: () => DeviceCounts };

export function plainBatch(row: StoredBatch): PlainBatch {
  if (!isIntact(row)) throw corruptBatch(`batch ${row.id} has a wrong checksum`);
  const lane = laneOf(row.id);
  return {
    lane,
    firstLsn: row.id - laneBase(lane),
    n: row.n,
    boot: row.boot,
    wallMs: row.wall_ms,
    upMs: row.up_ms,
    bytes: row.zstd ? decompress(row.data, row.bytes) : Buffer.from(row.data),
    devices: () => deviceCounts(row),
    ...(row.lsns && { lsns: JSON.parse(row.lsns) as number[] }),
  };
}

export function openBatch({ lane, firstLsn, boot, wallMs, upMs, bytes, devices, lsns }: PlainBatch): OpenBatch {
  const [index = '[]', ...lines] = bytes.toString().split('\n');
  let ofLines: readonly string[] | undefined;
  return {
    id: laneBase(lane) + firstLsn,
    lane,
    boot,
    wallMs: Math.floor(wallMs),
    upMs: Math.floor(upMs),
    lsns: lsns ?? lines.map((_, i) => firstLsn + i),
    get devices() {
      return (ofLines ??= devicesOf(index, devices()));
    },
    lines,
  };
}

const lineBreak = 10;
const pieceBytes = 16 * 1024;

/**
 * The records of a batch's text, piece by piece: what is read once and forgotten dies young. V8 promotes a string of more than
 * 128 KB, with its neighbours, at the first collection that it sees.
 */
function* recordsIn(bytes: Buffer): Generator<string> {
  const index = bytes.indexOf(lineBreak);
  for (let from = index < 0 ? bytes.length : index + 1; from < bytes.length;) {
    const far = from + pieceBytes;
    const back = far < bytes.length ? bytes.lastIndexOf(lineBreak, far) : bytes.length;
    const ahead = back < from ? bytes.indexOf(lineBreak, far) : back;
    const to = ahead < 0 ? bytes.length : ahead;
    yield* bytes.toString('utf8', from, to).split('\n');
    from = to + 1;
  }
}

const devicesOf = (index: string, devices: DeviceCounts): string[] =>
  (JSON.parse(index) as number[]).map((i) => devices[i]?.[0] ?? '');

/** Its records, to be read once and now. */
export function followedBatch({ firstLsn, n, lsns, bytes }: PlainBatch): FollowedBatch {
  return { lsns: lsns ?? Array.from({ length: n }, (_, i) => firstLsn + i), lines: recordsIn(bytes) };
}
