import { crc32, zstdCompressSync, zstdDecompressSync, constants } from 'node:zlib';
import { lanes, type Lane } from '../../contracts/sink.ts';
import type { RecordClass } from '../../contracts/message.ts';
import type { Db } from './database.ts';
import { heldTexts } from './held-texts.ts';

/**
 * Where a lane's rows begin. The row of a batch has the id `base + first lsn`, so that one b-tree holds both lanes, each
 * lane is a range of it, and a commit at the end of the range touches one page.
 */
const laneSpan = 2 ** 52;
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
const corruptBatch = (says: string): Error => Object.assign(new Error(says), { code: 'SQLITE_CORRUPT_BATCH' });

/** Takes a batch apart. */
export function unpackBatch(row: StoredBatch): OpenBatch {
  if (!isIntact(row)) throw corruptBatch(`batch ${row.id} has a wrong checksum`);
  const lane = laneOf(row.id);
  return openBatch({
    lane,
    firstLsn: row.id - laneBase(lane),
    boot: row.boot,
    wallMs: row.wall_ms,
    upMs: row.up_ms,
    text: (row.zstd ? zstdDecompressSync(row.data) : Buffer.from(row.data)).toString(),
    devices: () => deviceCounts(row),
    ...(row.lsns && { lsns: JSON.parse(row.lsns) as number[] }),
  });
}

type Head = Pick<NewBatch, 'lane' | 'firstLsn' | 'boot' | 'wallMs' | 'upMs' | 'devices' | 'lsns'>;
type PlainBatch = Head & { readonly text: string };
type PackedBatch = Omit<PlainBatch, 'devices'> & { readonly devices: () => DeviceCounts };

/** Its devices are taken apart when they are asked for: history needs none. */
function openBatch({ lane, firstLsn, boot, wallMs, upMs, text, devices, lsns }: PackedBatch): OpenBatch {
  const [index = '[]', ...lines] = text.split('\n');
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

const devicesOf = (index: string, devices: DeviceCounts): string[] =>
  (JSON.parse(index) as number[]).map((i) => devices[i]?.[0] ?? '');

export interface Log {
  insert(row: StoredBatch): void;
  /** Holds a batch for those who read it soon, as long as there is room. To be called once it is committed. */
  hold(batch: Head & Pick<NewBatch, 'text'>): void;
  /** The batch that holds the record at `lsn`, or the first one after it. */
  at(lane: Lane, lsn: number): OpenBatch | undefined;
  /** Forgets what it keeps in memory of a batch that was changed or removed. */
  forget(id: number): void;
}

const columns = 'id, last_lsn, n, boot, wall_ms, up_ms, bytes, classes, devices, lsns, notes, zstd, crc, data';
/** Batches kept unpacked: one for each of a few sinks and lanes that read at the same time. */
const keptOpen = 4;

export function openLog(db: Db): Log {
  const values = columns.replaceAll(/\w+/g, '@$&');
  const insert = db.prepare<[StoredBatch]>(`INSERT INTO batches (${columns}) VALUES (${values})`);
  const upTo = db.prepare<[number, number], StoredBatch>(
    `SELECT ${columns} FROM batches WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1`,
  );
  const after = db.prepare<[number, number], StoredBatch>(
    `SELECT ${columns} FROM batches WHERE id > ? AND id < ? ORDER BY id LIMIT 1`,
  );
  const lastBelow = db
    .prepare<[number, number], number>('SELECT id FROM batches WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1')
    .pluck();
  const following = db
    .prepare<[number], number>('SELECT id FROM batches WHERE id >= ? ORDER BY id LIMIT 1 OFFSET 1')
    .pluck();
  const open = new Map<number, OpenBatch>();
  const held = heldTexts<Head>();

  /**
   * A whole page in the place of another hides rows from a search, and SQLite finds nothing wrong. So the row behind the one
   * that is read must be a later one, and where the search finds a gap (`from` is in front of it), so must the way back.
   */
  const expectOrder = (row: StoredBatch): void => {
    const next = following.get(row.id);
    if (next !== undefined && next <= row.id) throw corruptBatch(`batch ${next} follows batch ${row.id}`);
  };
  const expectGap = (base: number, from: number | undefined, until: number): void => {
    const found = lastBelow.get(base, until);
    if (found !== from) throw corruptBatch(`batch ${found ?? 'none'} is in front of ${until}, not ${from ?? 'none'}`);
  };

  const keep = (batch: OpenBatch): OpenBatch => {
    const oldest = open.size >= keptOpen ? open.keys().next().value : undefined;
    if (oldest !== undefined) open.delete(oldest);
    open.set(batch.id, batch);
    return batch;
  };
  const load = (row: StoredBatch): OpenBatch => {
    const batch = unpackBatch(row);
    expectOrder(row);
    return keep(batch);
  };

  return {
    insert: (row) => void insert.run(row),
    hold({ lane, firstLsn, boot, wallMs, upMs, devices, lsns, text }) {
      held.hold(
        laneBase(lane) + firstLsn,
        { lane, firstLsn, boot, wallMs, upMs, devices, ...(lsns && { lsns }) },
        text,
      );
    },
    at(lane, lsn) {
      for (const batch of open.values()) {
        if (batch.lane === lane && (batch.lsns[0] ?? Infinity) <= lsn && lsn <= (batch.lsns.at(-1) ?? -1)) return batch;
      }
      const base = laneBase(lane);
      const fresh = held.at(base + lsn);
      if (fresh) return keep(openBatch({ ...fresh.head, text: fresh.text, devices: () => fresh.head.devices }));
      const holding = upTo.get(base, base + lsn);
      if (holding && holding.last_lsn >= lsn) return load(holding);
      const next = after.get(base + lsn, base + laneSpan);
      expectGap(base, holding?.id, next?.id ?? base + laneSpan);
      return next ? load(next) : undefined;
    },
    forget(id) {
      open.delete(id);
      held.forget(id);
    },
  };
}
