import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { pageBytes } from './database.ts';
import { isIntact, type StoredBatch } from './batch.ts';
import { frameHeaderBytes, frameStarts } from './wal-check.ts';

/**
 * Finds batches without the help of SQLite, for a file whose header or tree is gone. Every page is looked at as a leaf
 * of a table (sqlite.org/fileformat2.html, sections 1.6 and 2.1); a row of fourteen columns whose checksum fits is a
 * batch. Rows that were deleted may come back this way: they are delivered again, which their ids absorb.
 */
export function* scanBatches(file: string): Generator<StoredBatch> {
  const pages = readPages(file);
  if (!pages) return;
  for (let number = 2; number <= pages.count; number++) {
    const page = pages.get(number);
    if (page?.[0] === leafTable) yield* leafRows(page, pages.get);
  }
  // Older versions of a page may hold rows that its newest version has lost.
  for (const page of pages.logged()) if (page[0] === leafTable) yield* leafRows(page, pages.get);
  pages.close();
}

const leafTable = 0x0d;
interface Pages {
  readonly count: number;
  readonly get: (number: number) => Buffer | undefined;
  logged(): Generator<Buffer>;
  close(): void;
}

function readPages(file: string): Pages | undefined {
  if (!existsSync(file)) return undefined;
  const db = openSync(file, 'r');
  const wal = existsSync(`${file}-wal`) ? openSync(`${file}-wal`, 'r') : undefined;
  const read = (from: number, at: number, length: number): Buffer | undefined => {
    const into = Buffer.alloc(length);
    return readSync(from, into, 0, length, at) === length ? into : undefined;
  };
  const logged = wal === undefined ? [] : frameStarts(fstatSync(wal).size);
  const newest = new Map<number, number>();
  for (const at of logged) {
    const header = wal === undefined ? undefined : read(wal, at, frameHeaderBytes);
    if (header) newest.set(header.readUInt32BE(0), at + frameHeaderBytes);
  }
  const inFile = Math.ceil(fstatSync(db).size / pageBytes);
  return {
    count: Math.max(inFile, ...[...newest.keys()].filter((number) => number < inFile + logged.length + 1)),
    get(number) {
      const at = newest.get(number);
      if (at !== undefined && wal !== undefined) return read(wal, at, pageBytes);
      return read(db, (number - 1) * pageBytes, pageBytes);
    },
    *logged() {
      for (const at of logged) {
        const page = wal === undefined ? undefined : read(wal, at + frameHeaderBytes, pageBytes);
        if (page) yield page;
      }
    },
    close() {
      closeSync(db);
      if (wal !== undefined) closeSync(wal);
    },
  };
}

function* leafRows(page: Buffer, get: Pages['get']): Generator<StoredBatch> {
  const cells = Math.min(page.readUInt16BE(3), (pageBytes - 8) / 2);
  for (let i = 0; i < cells; i++) {
    let row: StoredBatch | undefined;
    try {
      row = batchAt(page, page.readUInt16BE(8 + 2 * i), get);
    } catch (error) {
      // Offsets of a page that is no leaf, or is damaged, point anywhere.
      if (!(error instanceof RangeError)) throw error;
    }
    if (row && isIntact(row)) yield row;
  }
}

function batchAt(page: Buffer, at: number, get: Pages['get']): StoredBatch | undefined {
  const [size, afterSize] = varint(page, at);
  const [id, start] = varint(page, afterSize);
  if (size < 20 || size > 64 * 1024 * 1024) return undefined;
  const payload = payloadOf(page, start, size, get);
  const values = payload && recordOf(payload);
  if (values?.length !== 14) return undefined;
  const [, last_lsn, n, boot, wall_ms, up_ms, bytes, classes, devices, lsns, notes, zstd, crc, data] = values;
  if (typeof devices !== 'string' || !(data instanceof Uint8Array) || typeof crc !== 'number') return undefined;
  return {
    id,
    last_lsn,
    n,
    boot,
    wall_ms,
    up_ms,
    bytes,
    classes,
    devices,
    lsns,
    notes,
    zstd,
    crc,
    data,
  } as StoredBatch;
}

/** The payload of a cell: what is on the page, then the chain of overflow pages. */
function payloadOf(page: Buffer, start: number, size: number, get: Pages['get']): Buffer | undefined {
  const most = pageBytes - 35;
  if (size <= most) return page.subarray(start, start + size);
  const least = Math.floor(((pageBytes - 12) * 32) / 255) - 23;
  const wanted = least + ((size - least) % (pageBytes - 4));
  const local = wanted <= most ? wanted : least;
  const parts = [page.subarray(start, start + local)];
  let next = page.readUInt32BE(start + local);
  for (let left = size - local; left > 0; left -= pageBytes - 4) {
    const overflow = next === 0 ? undefined : get(next);
    if (!overflow) return undefined;
    parts.push(overflow.subarray(4, 4 + Math.min(left, pageBytes - 4)));
    next = overflow.readUInt32BE(0);
  }
  return Buffer.concat(parts);
}

function varint(from: Buffer, at: number): readonly [value: number, next: number] {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = from.readUInt8(at + i);
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return [value, at + i + 1];
  }
  return [value * 256 + from.readUInt8(at + 8), at + 9];
}

type Value = null | number | string | Uint8Array;
const integerBytes = [0, 1, 2, 3, 4, 6, 8];

function recordOf(payload: Buffer): Value[] {
  const [headerSize, first] = varint(payload, 0);
  const values: Value[] = [];
  let body = headerSize;
  for (let at = first; at < headerSize;) {
    const [type, next] = varint(payload, at);
    at = next;
    const length = type >= 12 ? Math.floor((type - 12) / 2) : (integerBytes[type] ?? (type === 7 ? 8 : 0));
    if (body + length > payload.length || values.length > 14) throw new RangeError('a value beyond its record');
    values.push(valueOf(payload, type, body, length));
    body += length;
  }
  return values;
}

function valueOf(from: Buffer, type: number, at: number, length: number): Value {
  if (type === 0) return null;
  if (type <= 5) return from.readIntBE(at, length);
  if (type === 6) return Number(from.readBigInt64BE(at));
  if (type === 7) return from.readDoubleBE(at);
  if (type === 8 || type === 9) return type - 8;
  return type % 2 === 0 ? from.subarray(at, at + length) : from.toString('utf8', at, at + length);
}
