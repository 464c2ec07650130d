import type { FollowedBatch } from '../../contracts/log-follower.ts';
import type { Lane } from '../../contracts/sink.ts';
import {
  corruptBatch,
  followedBatch,
  laneBase,
  laneSpan,
  openBatch,
  plainBatch,
  type BatchHead,
  type NewBatch,
  type OpenBatch,
  type PlainBatch,
  type StoredBatch,
} from './batch.ts';
import type { Db } from './database.ts';
import { heldTexts } from './held-texts.ts';

export interface Log {
  insert(row: StoredBatch): void;
  /** Holds a batch for those who read it soon, as long as there is room. To be called once it is committed. */
  hold(batch: BatchHead & Pick<NewBatch, 'text'>): void;
  /** The batch that holds the record at `lsn`, or the first one after it. */
  at(lane: Lane, lsn: number): OpenBatch | undefined;
  /** The same, to be read once and now. */
  follow(lane: Lane, lsn: number): FollowedBatch | undefined;
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
  const held = heldTexts<BatchHead>();

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
  const load = (row: StoredBatch): PlainBatch => {
    const batch = plainBatch(row);
    expectOrder(row);
    return batch;
  };
  const find = (lane: Lane, lsn: number): PlainBatch | undefined => {
    const base = laneBase(lane);
    const fresh = held.at(base + lsn);
    if (fresh) return { ...fresh.head, bytes: fresh.bytes, devices: () => fresh.head.devices };
    const holding = upTo.get(base, base + lsn);
    if (holding && holding.last_lsn >= lsn) return load(holding);
    const next = after.get(base + lsn, base + laneSpan);
    expectGap(base, holding?.id, next?.id ?? base + laneSpan);
    return next && load(next);
  };

  return {
    insert: (row) => void insert.run(row),
    hold({ lane, firstLsn, n, boot, wallMs, upMs, devices, lsns, text }) {
      const head = { lane, firstLsn, n, boot, wallMs, upMs, devices, ...(lsns && { lsns }) };
      held.hold(laneBase(lane) + firstLsn, head, text);
    },
    at(lane, lsn) {
      for (const batch of open.values()) {
        if (batch.lane === lane && (batch.lsns[0] ?? Infinity) <= lsn && lsn <= (batch.lsns.at(-1) ?? -1)) return batch;
      }
      const plain = find(lane, lsn);
      return plain && keep(openBatch(plain));
    },
    follow(lane, lsn) {
      const plain = find(lane, lsn);
      return plain && followedBatch(plain);
    },
    forget(id) {
      open.delete(id);
      held.forget(id);
    },
  };
}
