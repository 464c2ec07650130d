import { lanes } from '../../contracts/sink.ts';
import { Cursor } from './cursor.ts';
import type { Db } from './database.ts';
import { cursorKey, prepareFold, readUnfolded } from './ledger.ts';
import { knownSinks, readTallies } from './ledger-report.ts';
import { TallyBook } from './tally-book.ts';

/**
 * Brings the configured sinks and the database together, in one transaction. The tail of the log is folded first, for
 * the sinks of the run that wrote it. A new sink starts behind the last record, and what came before is counted as
 * `predates`. What was buffered for a sink that is gone is counted as evicted, so that it does not pin the log.
 */
export function reconcileSinks(db: Db, sinks: readonly string[], nextLsn: number, upMs: number): void {
  const fold = prepareFold(db);
  const removals = ['cursors', 'parked'].map((table) => db.prepare(`DELETE FROM ${table} WHERE sink = ?`));
  db.transaction(() => {
    const before = knownSinks(db);
    const tail = readUnfolded(db, before);
    const positions = lanes.flatMap((lane) =>
      before.map((sink) => [sink, lane, tail.cursors.get(cursorKey(sink, lane)) ?? -1] as const),
    );
    const { lastCommit } = tail;
    const meta = { folded_lsn: nextLsn - 1, next_lsn: nextLsn, up_ms: Math.floor(upMs), commit: lastCommit };
    fold.run({ tallies: tail.tallies, cursors: positions.filter(([, , lsn]) => lsn >= 0) }, meta);

    const changes = new TallyBook();
    const tallies = readTallies(db, readUnfolded(db, []));
    const removed = before.filter((sink) => !sinks.includes(sink));
    const added = sinks.filter((sink) => !before.includes(sink));
    for (const [device, sink, what, , n] of tallies) {
      if (what === 'buffered' && removed.includes(sink)) {
        changes.add(device, sink, 'buffered', -n);
        changes.add(device, sink, 'evicted', n, 'sink-removed');
      }
      if (sink !== '') continue;
      for (const name of added) changes.add(device, name, 'predates', what === 'accepted' ? n : -n);
    }
    for (const sink of added) {
      for (const [device, of, what, reason, n] of tallies) if (of === sink) changes.add(device, of, what, -n, reason);
    }
    for (const sink of removed) for (const removal of removals) removal.run(sink);
    fold.run(
      { tallies: changes, cursors: added.flatMap((sink) => lanes.map((lane) => [sink, lane, nextLsn - 1] as const)) },
      { sinks: sinks.length },
    );
  }).immediate();
}

/** The cursors as the last run left them. */
export function loadCursors(db: Db, sinks: readonly string[], maxParked: number): Map<string, Cursor> {
  const position = db.prepare<[string, string], { lsn: number }>('SELECT lsn FROM cursors WHERE sink = ? AND lane = ?');
  const parked = db.prepare<[string, string], { lsn: number; device: string; hist: number }>(
    'SELECT lsn, device, hist FROM parked WHERE sink = ? AND lane = ? ORDER BY lsn',
  );
  const cursors = new Map<string, Cursor>();
  for (const sink of sinks) {
    for (const lane of lanes) {
      const cursor = new Cursor(sink, lane, position.get(sink, lane)?.lsn ?? 0, maxParked);
      for (const row of parked.all(sink, lane)) cursor.restore(row.lsn, { device: row.device, hist: row.hist === 1 });
      cursors.set(cursorKey(sink, lane), cursor);
    }
  }
  return cursors;
}
