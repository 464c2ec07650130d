import type { Lane } from '../../contracts/sink.ts';
import type { Parked } from './cursor.ts';
import type { Db } from './database.ts';
import type { DeadLetter, DeadLetters } from './dead-letters.ts';
import { TallyBook } from './tally-book.ts';

interface ParkedRow extends Parked {
  readonly sink: string;
  readonly lane: Lane;
  readonly lsn: number;
}

/**
 * What settling changed since the last commit. It waits in memory for the next commit, or for the flush a second
 * later: a crash before that only repeats deliveries, which the idempotency key absorbs.
 */
export class Staged {
  readonly book = new TallyBook();
  readonly cursors = new Map<string, readonly [sink: string, lane: Lane, lsn: number]>();
  readonly park: ParkedRow[] = [];
  readonly unpark: (readonly [sink: string, lane: Lane, lsn: number])[] = [];
  readonly letters: Omit<DeadLetter, 'id'>[] = [];
  readonly outages = new Map<number, { delivered: number; gone: number }>();

  get isEmpty(): boolean {
    return this.cursors.size === 0 && this.book.isEmpty && this.park.length === 0 && this.unpark.length === 0;
  }

  clear(): void {
    this.book.clear();
    this.cursors.clear();
    this.outages.clear();
    for (const list of [this.park, this.unpark, this.letters]) list.length = 0;
  }
}

/** Writes what does not fit into a commit's notes; to be called inside a transaction. */
export function prepareStagedWrites(db: Db, deadLetters: DeadLetters): (staged: Staged) => void {
  const park = db.prepare('INSERT OR REPLACE INTO parked VALUES (?, ?, ?, ?, ?)');
  const unpark = db.prepare('DELETE FROM parked WHERE sink = ? AND lane = ? AND lsn = ?');
  const outage = db.prepare('UPDATE outages SET delivered = delivered + ?, gone = gone + ? WHERE id = ?');
  return (staged) => {
    for (const row of staged.park) park.run(row.sink, row.lane, row.lsn, row.device, row.hist ? 1 : 0);
    for (const row of staged.unpark) unpark.run(...row);
    for (const letter of staged.letters) deadLetters.add(letter);
    for (const [id, { delivered, gone }] of staged.outages) outage.run(delivered, gone, id);
  };
}
