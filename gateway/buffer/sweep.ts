import type { Lane } from '../../contracts/sink.ts';
import type { Db } from './database.ts';
import { laneBase } from './batch.ts';
import type { Log } from './log.ts';

/** Batches looked at in one transaction, so that a long backlog does not hold up the commits behind it. */
const mostAtOnce = 2_000;

/**
 * Deletes batches that every sink has settled: all of their records are at or before `through`, and none of them is
 * parked (`parked` is ascending). It goes on where it stopped, because batches that have to stay may fill one go after
 * the other; says whether it has more to look at. To be called inside a transaction, after folding.
 */
export function prepareSweep(db: Db, log: Log): (lane: Lane, through: number, parked: readonly number[]) => boolean {
  const following = db.prepare<[number, number], { id: number; last_lsn: number }>(
    `SELECT id, last_lsn FROM batches WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ${mostAtOnce}`,
  );
  const remove = db.prepare('DELETE FROM batches WHERE id = ?');
  const reached = new Map<Lane, number>();
  return (lane, through, parked) => {
    const base = laneBase(lane);
    const rows = following.all(reached.get(lane) ?? base, base + through);
    let next = 0;
    for (const row of rows) {
      while ((parked[next] ?? Infinity) < row.id - base) next += 1;
      if (row.last_lsn > through || (parked[next] ?? Infinity) <= row.last_lsn) continue;
      remove.run(row.id);
      log.forget(row.id);
    }
    const hasMore = rows.length === mostAtOnce;
    reached.set(lane, hasMore ? (rows.at(-1)?.id ?? base) + 1 : base);
    return hasMore;
  };
}
