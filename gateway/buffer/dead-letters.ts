import type { DeadLetterFacts } from '../../contracts/dead-letters.ts';
import type { LetterOrigin } from '../../contracts/pipeline.ts';
import type { Db } from './database.ts';

/** A dead letter as it stands in the table. */
export interface DeadLetter extends DeadLetterFacts {
  readonly lsn: number | null;
  readonly sample: Uint8Array;
  /** 1 where the whole message is kept and can be taken again. */
  readonly replayable: 0 | 1;
}

/** One on its way into the table. */
export interface FreshLetter extends Omit<DeadLetter, 'id' | 'replayedAt' | 'replayable'> {
  readonly origin?: LetterOrigin | undefined;
}

export interface DeadLetterQuery {
  readonly code?: string | undefined;
  readonly plugin?: string | undefined;
  readonly sink?: string | undefined;
  readonly device?: string | undefined;
  /** Newest first; continue below the last id that was returned. */
  readonly before?: number | undefined;
  /** Oldest first instead, from above this id. */
  readonly after?: number | undefined;
  readonly limit: number;
}

export interface DeadLetters {
  add(letter: FreshLetter): void;
  /** Drops the oldest beyond the bound in bytes and returns how many; they stay counted in the ledger. */
  trim(): number;
  readonly bytes: number;
  /** Removes a device's letters; they stay counted in the ledger. */
  forget(device: string): void;
  /** Counts again what a rolled back transaction had counted. */
  recount(): void;
}

/** A row's share of the budget beside its texts and sample. */
const rowBytes = 64;
const sampleBytes = 1024;
const detailChars = 500;

/**
 * For those who take messages again (`api/letter-replay.ts`). `waiting` are the oldest of a reason, plugin and device ('' is
 * every one) after an id; `replayed` marks one, with the others of its message, and belongs into the commit of what
 * became of the message this time.
 */
export const letterStatements = {
  groups: `SELECT sink, plugin, code, count(*) AS n, sum(origin IS NOT NULL AND replayed_ms IS NULL) AS replayable,
       sum(replayed_ms IS NOT NULL) AS replayed, max(received_ms) AS newest
     FROM dead_letters GROUP BY sink, plugin, code ORDER BY n DESC LIMIT 100`,
  waiting: `SELECT id, topic, received_ms AS receivedAt, sample, origin, rest FROM dead_letters
     WHERE origin IS NOT NULL AND replayed_ms IS NULL AND id > ? AND (? = '' OR code = ?) AND (? = '' OR plugin = ?)
       AND (? = '' OR device = ?) ORDER BY id LIMIT ?`,
  replayed: `UPDATE dead_letters SET replayed_ms = ? WHERE replayed_ms IS NULL
     AND (id = ? OR (sink = '' AND received_ms = ? AND topic = ? AND sample = ?))`,
} as const;

export function openDeadLetters(db: Db, maxBytes: number): DeadLetters {
  const insert = db.prepare(
    `INSERT INTO dead_letters (sink, device, plugin, topic, code, detail, received_ms, lsn, sample, bytes, origin, rest)
     VALUES (@sink, @device, @plugin, @topic, @code, @detail, @receivedAt, @lsn, @sample, @bytes, @how, @rest)`,
  );
  const oldest = db.prepare<[], { id: number; bytes: number }>(
    'SELECT id, bytes FROM dead_letters ORDER BY id LIMIT 1',
  );
  const remove = db.prepare('DELETE FROM dead_letters WHERE id = ?');
  const removeAll = db.prepare('DELETE FROM dead_letters WHERE device = ?');
  const sum = db.prepare<[], { bytes: number }>('SELECT coalesce(sum(bytes), 0) AS bytes FROM dead_letters');
  let bytes = sum.get()?.bytes ?? 0;
  return {
    add({ origin, ...letter }) {
      const { rest = null, ...came } = origin ?? {};
      const how = origin === undefined ? null : JSON.stringify(came);
      const sample = letter.sample.subarray(0, sampleBytes);
      const detail = letter.detail.slice(0, detailChars);
      const kept = (how?.length ?? 0) + (rest?.length ?? 0);
      const size = rowBytes + sample.length + detail.length + letter.topic.length + letter.device.length + kept;
      insert.run({ ...letter, detail, sample, bytes: size, how, rest });
      bytes += size;
    },
    trim() {
      let dropped = 0;
      for (let row = oldest.get(); row && bytes > maxBytes; row = oldest.get()) {
        remove.run(row.id);
        bytes -= row.bytes;
        dropped += 1;
      }
      return dropped;
    },
    get bytes() {
      return bytes;
    },
    forget(device) {
      removeAll.run(device);
      bytes = sum.get()?.bytes ?? 0;
    },
    recount() {
      bytes = sum.get()?.bytes ?? 0;
    },
  };
}

export function queryDeadLetters(db: Db, query: DeadLetterQuery): DeadLetter[] {
  const find = db.prepare<[Record<string, string | number | null>], DeadLetter>(
    `SELECT id, sink, device, plugin, topic, code, detail, received_ms AS receivedAt, lsn, sample,
       replayed_ms AS replayedAt, origin IS NOT NULL AS replayable FROM dead_letters
     WHERE (@code IS NULL OR code = @code) AND (@sink IS NULL OR sink = @sink) AND (@plugin IS NULL OR plugin = @plugin)
       AND (@device IS NULL OR device = @device) AND (@before IS NULL OR id < @before)
       AND (@after IS NULL OR id > @after)
     ORDER BY id ${query.after === undefined ? 'DESC' : 'ASC'} LIMIT @limit`,
  );
  const { code = null, plugin = null, sink = null, device = null, before = null, after = null } = query;
  return find.all({ code, plugin, sink, device, before, after, limit: Math.min(1000, Math.max(1, query.limit)) });
}
