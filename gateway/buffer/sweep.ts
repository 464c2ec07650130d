import type { Lane } from '../../contracts/sink.ts';
import type { Db } from './database.ts';
import { laneBase } from './batch.ts';
import type { Log } from './log.ts';

/** Batches deleted in one transaction, so that a long backlog does not hold up the commits behind it. */
export const mostAtOnce = 2_000;

/**
 * Deletes batches that every sink has settled: all of their records are at or before `through`, and none of them is
 * parked (`parked` is ascending). To be called inside a transaction, after folding.
 */
export function prepareSweep(db: Db, log: Log): (lane: Lane, through: number, parked: readonly number[]) => number {
  const oldest = db.prepare<[number, number], { id: number; last_lsn: number }>(
    `SELECT id, last_lsn FROM batches WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ${mostAtOnce}`,
  );
  const remove = db.prepare('DELETE FROM batches WHERE id = ?');
  return (lane, through, parked) => {
    const base = laneBase(lane);
    let removed = 0;
    let next = 0;
    for (const row of oldest.all(base, base + through)) {
      while ((parked[next] ?? Infinity) < row.id - base) next += 1;
      if (row.last_lsn > through || (parked[next] ?? Infinity) <= row.last_lsn) continue;
      remove.run(row.id);
      log.forget(row.id);
      removed += 1;
    }
    return removed;
  };
}
