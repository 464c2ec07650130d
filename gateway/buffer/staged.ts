import type { Lane } from '../../contracts/sink.ts';
import type { Cursor, LoanItem, Settlement } from './cursor.ts';
import type { Db } from './database.ts';
import type { DeadLetters, FreshLetter } from './dead-letters.ts';
import { cursorKey } from './ledger.ts';
import type { Outages } from './outages.ts';
import type { Parked } from './parking.ts';
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
  readonly letters: FreshLetter[] = [];
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

/** Enters what a settlement changed: ledger, cursor, parked records, outages, and a dead letter for each rejection. */
export function stageSettlement(
  staged: Staged,
  of: { cursor: Cursor; settlement: Settlement; outages: Outages; wallMs: number },
): void {
  const { sink, lane } = of.cursor;
  const { accepted, rejected, parked, unparked, cursor } = of.settlement;
  const left = (item: LoanItem, how: 'delivered' | 'gone'): void => {
    staged.book.add(item.device, sink, 'buffered', -1);
    for (const id of of.outages.during(sink, item.lsn)) {
      const counts = staged.outages.get(id) ?? { delivered: 0, gone: 0 };
      counts[how] += 1;
      staged.outages.set(id, counts);
    }
  };
  for (const item of accepted) {
    left(item, 'delivered');
    staged.book.add(item.device, sink, 'delivered', 1);
  }
  for (const { item, code, detail } of rejected) {
    left(item, 'gone');
    staged.book.add(item.device, sink, 'rejected', 1, code);
    staged.letters.push(letterOf(item, { sink, code, detail, receivedAt: of.wallMs }));
  }
  for (const [lsn, one] of parked) staged.park.push({ sink, lane, lsn, ...one });
  for (const lsn of unparked) staged.unpark.push([sink, lane, lsn]);
  staged.cursors.set(cursorKey(sink, lane), [sink, lane, cursor]);
}

function letterOf(
  item: LoanItem,
  why: { sink: string; code: string; detail: string; receivedAt: number },
): FreshLetter {
  const { src } = JSON.parse(item.line) as { src?: { proto?: string; topic?: string } };
  const sample = Buffer.from(item.line);
  return { ...why, device: item.device, plugin: src?.proto ?? '', topic: src?.topic ?? '', lsn: item.lsn, sample };
}
