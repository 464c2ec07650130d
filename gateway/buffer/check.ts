import type { Db } from './database.ts';
import { knownSinks, addUp, readTallies } from './ledger-report.ts';
import { readUnfolded } from './ledger.ts';
import { isIntact, unpackBatch, type StoredBatch } from './batch.ts';
import { readStatus } from './status.ts';

export interface CheckReport {
  readonly ok: boolean;
  /** What SQLite's own check says; empty when it found nothing. */
  readonly sqlite: readonly string[];
  readonly batches: number;
  readonly damagedBatches: number;
  /** Lines of the ledger whose `buffered` differs from what the log really holds. */
  readonly wrong: readonly {
    readonly sink: string;
    readonly device: string;
    readonly ledger: number;
    readonly log: number;
  }[];
  readonly balanced: boolean;
}

/** Reads the whole file: SQLite's check, every checksum, and a recount of what is buffered against the ledger. */
export function checkBuffer(db: Db): CheckReport {
  return db
    .transaction((): CheckReport => {
      const found = db.prepare<[], { quick_check: string }>('PRAGMA quick_check(20)').all();
      const sqlite = found.map((row) => row.quick_check).filter((line) => line !== 'ok');
      const sinks = knownSinks(db);
      const report = addUp(readTallies(db, readUnfolded(db, sinks)), sinks);
      const { counts, batches, damaged } = recount(db);
      const wrong = report.devices.flatMap(({ sink, device, buffered }) => {
        const log = counts.get(`${sink}\n${device}`) ?? 0;
        counts.delete(`${sink}\n${device}`);
        return log === buffered ? [] : [{ sink, device, ledger: buffered, log }];
      });
      for (const [key, log] of counts) {
        const [sink = '', device = ''] = key.split('\n');
        wrong.push({ sink, device, ledger: 0, log });
      }
      const ok = sqlite.length === 0 && damaged === 0 && wrong.length === 0 && report.balanced;
      return { ok, sqlite, batches, damagedBatches: damaged, wrong, balanced: report.balanced };
    })
    .deferred();
}

/** Counts the records that each sink has not settled, by looking at every one of them. */
export function recount(db: Db): { counts: Map<string, number>; batches: number; damaged: number } {
  const counts = new Map<string, number>();
  const cursors = readStatus(db).sinks;
  const parked = new Set(
    db
      .prepare<[], { sink: string; lane: string; lsn: number }>('SELECT sink, lane, lsn FROM parked')
      .all()
      .map((row) => `${row.sink}\n${row.lane}\n${row.lsn}`),
  );
  let batches = 0;
  let damaged = 0;
  for (const row of db.prepare<[], StoredBatch>('SELECT * FROM batches').iterate()) {
    batches += 1;
    if (!isIntact(row)) {
      damaged += 1;
      continue;
    }
    const batch = unpackBatch(row);
    for (const { sink, lane, position } of cursors) {
      if (lane !== batch.lane) continue;
      for (const [index, lsn] of batch.lsns.entries()) {
        if (lsn <= position && !parked.has(`${sink}\n${lane}\n${lsn}`)) continue;
        const key = `${sink}\n${batch.devices[index] ?? ''}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
  }
  return { counts, batches, damaged };
}
