import type { Lane } from '../../contracts/sink.ts';
import type { Db } from './database.ts';
import { deviceCounts, laneBase, type StoredBatch } from './batch.ts';
import { TallyBook, tallyStored, type Tally } from './tally-book.ts';

/**
 * What a commit changed beside its records, kept as JSON in a row that is written anyway: `n` the number of the commit,
 * `t` lines of the ledger, `c` cursor positions. One page per commit holds the data and its accounting, so no crash can
 * part them.
 */
export interface Notes {
  readonly n?: number;
  readonly t?: readonly Tally[];
  readonly c?: readonly (readonly [sink: string, lane: Lane, lsn: number])[];
}

/** The tail of the log that the folded tables do not know yet. */
export interface Unfolded {
  readonly tallies: TallyBook;
  readonly cursors: ReadonlyMap<string, number>;
  readonly commits: number;
  /** The highest number of a commit, folded or not. */
  readonly lastCommit: number;
}

export const cursorKey = (sink: string, lane: Lane): string => `${sink}\n${lane}`;

export function readMeta(db: Db, key: string): number {
  return db.prepare<[string], { value: number }>('SELECT value FROM meta WHERE key = ?').get(key)?.value ?? 0;
}

/** Reads the tail that a crash or a running gateway left beside the folded tables. Bounded by the fold interval. */
export function readUnfolded(db: Db, sinks: readonly string[]): Unfolded {
  const tallies = new TallyBook();
  const cursors = new Map<string, number>();
  let commits = 0;
  let lastCommit = readMeta(db, 'commit');
  const take = (text: string): void => {
    const notes = JSON.parse(text) as Notes;
    tallies.addAll(notes.t ?? []);
    lastCommit = Math.max(lastCommit, notes.n ?? 0);
    for (const [sink, lane, lsn] of notes.c ?? []) {
      cursors.set(cursorKey(sink, lane), Math.max(lsn, cursors.get(cursorKey(sink, lane)) ?? 0));
    }
  };
  const folded = readMeta(db, 'folded_lsn');
  const rows = db.prepare<[number, number], Pick<StoredBatch, 'devices' | 'notes'>>(
    'SELECT devices, notes FROM batches WHERE id > ? AND id < ?',
  );
  for (const lane of ['urgent', 'normal'] as const) {
    for (const row of rows.iterate(laneBase(lane) + folded, laneBase(lane) + laneBase('normal'))) {
      commits += 1;
      tallyStored(tallies, deviceCounts(row), sinks);
      if (row.notes) take(row.notes);
    }
  }
  for (const row of db.prepare<[], { notes: string }>('SELECT notes FROM journal').iterate()) {
    commits += 1;
    take(row.notes);
  }
  return { tallies, cursors, commits, lastCommit };
}

export interface Fold {
  /** Moves the unfolded tail into the tables; to be called inside a transaction. */
  run(
    tail: { tallies: TallyBook; cursors: Iterable<readonly [string, Lane, number]> },
    meta: Record<string, number>,
  ): void;
}

export function prepareFold(db: Db): Fold {
  const total = db.prepare(
    `INSERT INTO totals VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET n = n + excluded.n`,
  );
  const cursor = db.prepare(
    'INSERT INTO cursors VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET lsn = excluded.lsn WHERE lsn <> excluded.lsn',
  );
  const meta = db.prepare('INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
  const clear = db.prepare('DELETE FROM journal');
  return {
    run(tail, numbers) {
      for (const line of tail.tallies.lines()) total.run(...line);
      for (const [sink, lane, lsn] of tail.cursors) cursor.run(sink, lane, lsn);
      for (const [key, value] of Object.entries(numbers)) meta.run(key, value);
      clear.run();
    },
  };
}
