import type { Db } from './database.ts';
import { readUnfolded } from './ledger.ts';
import { readTallies } from './ledger-report.ts';
import { laneBase, laneOf, type StoredBatch } from './batch.ts';
import { readStatus } from './status.ts';

type Head = Pick<StoredBatch, 'id' | 'last_lsn' | 'n' | 'lsns'>;
const heads = 'SELECT id, last_lsn, n, lsns FROM batches';
const oldestIn = `${heads} WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1`;
const newestIn = `${heads} WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1`;

/**
 * Says for which sink the log holds another number of records than the ledger, by the heads of the batches alone: twenty times as
 * fast as the recount of `check.ts`, which names the devices. Undefined when they agree.
 */
export function ledgerAgainstLog(db: Db): string | undefined {
  const inLog = countHeads(db);
  const inLedger = new Map([...inLog.keys()].map((sink) => [sink, 0]));
  for (const [, sink, what, , n] of readTallies(db, readUnfolded(db, [...inLog.keys()]))) {
    if (what === 'buffered') inLedger.set(sink, (inLedger.get(sink) ?? 0) + n);
  }
  const wrong = [...inLedger].find(([sink, n]) => n !== (inLog.get(sink) ?? 0));
  return wrong && `the ledger holds ${wrong[1]} records for ${wrong[0]}, the log ${inLog.get(wrong[0]) ?? 0}`;
}

/**
 * Says for which sink the ledger holds more records than the numbers that the log spans have room for. It looks at the two
 * ends of each lane, whatever lies between them; the ledger must be folded, as it is after a start.
 */
export function ledgerBeyondLog(db: Db): string | undefined {
  const first = db.prepare<[number, number], Head>(oldestIn);
  const last = db.prepare<[number, number], Head>(newestIn);
  const room = new Map<string, number>();
  for (const { sink, lane, position, parked } of readStatus(db).sinks) {
    const range = [laneBase(lane), laneBase(lane) + laneBase('normal') - 1] as const;
    const [from, to] = [first.get(...range), last.get(...range)];
    const spanned = from && to ? to.last_lsn - Math.max(position, firstLsn(from) - 1) : 0;
    room.set(sink, (room.get(sink) ?? 0) + Math.max(0, spanned) + parked);
  }
  const buffered = db
    .prepare<[], { sink: string; n: number }>(
      "SELECT sink, sum(n) AS n FROM totals WHERE what = 'buffered' GROUP BY sink",
    )
    .all();
  const wrong = buffered.find(({ sink, n }) => n > (room.get(sink) ?? n));
  return (
    wrong && `the ledger holds ${wrong.n} records for ${wrong.sink}, the log has room for ${room.get(wrong.sink) ?? 0}`
  );
}

/** Per sink the records behind its positions, and those that it set aside. */
function countHeads(db: Db): Map<string, number> {
  const cursors = readStatus(db).sinks;
  const counts = new Map(cursors.map(({ sink }) => [sink, 0]));
  const add = (sink: string, n: number): void => void counts.set(sink, (counts.get(sink) ?? 0) + n);
  for (const head of db.prepare<[], Head>(heads).iterate()) {
    for (const { sink, lane, position } of cursors)
      if (lane === laneOf(head.id)) add(sink, countBehind(head, position));
  }
  const upTo = db.prepare<[number, number], Head>(newestIn);
  const parked = db.prepare<[string, string, number], { lsn: number }>(
    'SELECT lsn FROM parked WHERE sink = ? AND lane = ? AND lsn <= ?',
  );
  for (const { sink, lane, position } of cursors) {
    for (const { lsn } of parked.all(sink, lane, position)) {
      const head = upTo.get(laneBase(lane), laneBase(lane) + lsn);
      if (head && lsnsOf(head).includes(lsn)) add(sink, 1);
    }
  }
  return counts;
}

function countBehind(head: Head, position: number): number {
  if (position >= head.last_lsn) return 0;
  if (position < firstLsn(head)) return head.n;
  return lsnsOf(head).filter((lsn) => lsn > position).length;
}

const firstLsn = ({ id }: Head): number => id - laneBase(laneOf(id));

const lsnsOf = (head: Head): readonly number[] =>
  head.lsns === null
    ? Array.from({ length: head.n }, (_, i) => firstLsn(head) + i)
    : (JSON.parse(head.lsns) as readonly number[]);
