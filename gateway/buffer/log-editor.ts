import type { Measurement, RecordClass } from '../../contracts/message.ts';
import { lanes, type Lane } from '../../contracts/sink.ts';
import type { Cursor } from './cursor.ts';
import type { Db } from './database.ts';
import { laneBase, laneOf, packBatch, unpackBatch, type OpenBatch, type StoredBatch } from './batch.ts';
import type { Log } from './log.ts';
import type { Counted, TallyBook } from './tally-book.ts';

/** A batch that may be edited: no sink has any of it on loan or parked, and `owed` sinks still wait for all of it. */
export interface EditableBatch {
  readonly stored: StoredBatch;
  readonly open: OpenBatch;
  readonly owed: readonly string[];
  readonly records: readonly Measurement[];
}

/** What to do with a record: keep it, leave it out, or put another in its place under the same lsn. */
export type Edit = 'keep' | 'drop' | Measurement;

export interface LogEditor {
  /** Editable batches of a lane with ids above `after`, oldest first; at most `limit` are looked at. */
  oldest(lane: Lane, after: number, limit: number): { batches: EditableBatch[]; last: number | undefined };
  newest(lane: Lane, before: number, limit: number): { batches: EditableBatch[]; last: number | undefined };
  /** Applies one edit per record and enters what is left out in the ledger; to be called inside a transaction. */
  edit(batch: EditableBatch, edits: readonly Edit[], why: { what: Counted; reason: string }, book: TallyBook): number;
}

const spanOf = (lane: Lane): readonly [from: number, to: number] => [
  laneBase(lane),
  laneBase(lane) + laneBase(lanes[1]) - 1,
];

export function openLogEditor(db: Db, log: Log, cursors: ReadonlyMap<string, Cursor>): LogEditor {
  const up = db.prepare<[number, number, number], StoredBatch>(
    'SELECT * FROM batches WHERE id > ? AND id <= ? ORDER BY id LIMIT ?',
  );
  const down = db.prepare<[number, number, number], StoredBatch>(
    'SELECT * FROM batches WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT ?',
  );
  const remove = db.prepare('DELETE FROM batches WHERE id = ?');

  const editable = (stored: StoredBatch): EditableBatch | undefined => {
    const lane = laneOf(stored.id);
    const first = stored.id - laneBase(lane);
    const owed: string[] = [];
    for (const cursor of cursors.values()) {
      if (cursor.lane !== lane) continue;
      if (first > cursor.lentThrough) owed.push(cursor.sink);
      else if (cursor.position < stored.last_lsn || cursor.hasParked(first, stored.last_lsn)) return undefined;
    }
    if (owed.length === 0) return undefined;
    const open = unpackBatch(stored);
    return { stored, open, owed, records: open.lines.map((line) => JSON.parse(line) as Measurement) };
  };
  const pick = (rows: StoredBatch[]) => ({
    batches: rows.map(editable).filter((batch) => batch !== undefined),
    last: rows.at(-1)?.id,
  });

  return {
    oldest(lane, after, limit) {
      const [from, to] = spanOf(lane);
      return pick(up.all(Math.max(from - 1, after), to, limit));
    },
    newest(lane, before, limit) {
      const [from, to] = spanOf(lane);
      return pick(down.all(from, Math.min(to + 1, before), limit));
    },
    edit(batch, edits, { what, reason }, book) {
      const { stored, open } = batch;
      const dropped = open.devices.filter((_, i) => edits[i] === 'drop');
      const changed = dropped.length > 0 || edits.some((edit) => typeof edit === 'object');
      if (!changed) return 0;
      for (const device of dropped) {
        for (const sink of batch.owed) {
          book.add(device, sink, 'buffered', -1);
          book.add(device, sink, what, 1, reason);
        }
      }
      remove.run(stored.id);
      log.forget(stored.id);
      if (dropped.length < open.lines.length) log.insert(repack(batch, edits));
      return dropped.length;
    },
  };
}

/** The batch that is left after an edit. It keeps its id, so that records keep theirs. */
function repack({ stored, open, records }: EditableBatch, edits: readonly Edit[]): StoredBatch {
  const kept = open.lsns.map((lsn, i) => ({ lsn, i, edit: edits[i] ?? 'keep' })).filter(({ edit }) => edit !== 'drop');
  const counts = new Map<string, number>();
  const classes: Partial<Record<RecordClass, number>> = {};
  for (const { i } of kept) {
    const device = open.devices[i] ?? '';
    counts.set(device, (counts.get(device) ?? 0) + 1);
    const cls = records[i]?.cls ?? 'telemetry';
    classes[cls] = (classes[cls] ?? 0) + 1;
  }
  const devices = [...counts];
  const index = kept.map(({ i }) => devices.findIndex(([device]) => device === open.devices[i]));
  const lines = kept.map(({ i, edit }) => (typeof edit === 'object' ? JSON.stringify(edit) : (open.lines[i] ?? '')));
  return packBatch({
    lane: open.lane,
    firstLsn: stored.id - laneBase(open.lane),
    n: kept.length,
    boot: stored.boot,
    wallMs: stored.wall_ms,
    upMs: stored.up_ms,
    text: [`[${index.join(',')}]`, ...lines].join('\n'),
    devices,
    classes,
    lsns: kept.map(({ lsn }) => lsn),
  });
}
