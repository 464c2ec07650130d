import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { PortcullisError } from '../../contracts/errors.ts';
import type { SqlRow, TableSet } from '../../contracts/table-set.ts';
import { checkBuffer, type CheckReport } from './check.ts';
import type { Db } from './database.ts';
import { knownSinks, readLedger, type LedgerReport } from './ledger-report.ts';
import { readMeta } from './ledger.ts';
import { isIntact, unpackBatch, type StoredBatch } from './batch.ts';
import { databaseName } from './options.ts';
import { readStatus, type BufferStatus } from './status.ts';

/** A record as the log holds it, with where it stands; `record` is the measurement as it was committed. */
export interface ExportedRecord {
  readonly lsn: number;
  readonly lane: string;
  readonly boot: number;
  readonly committedAt: number;
  readonly record: unknown;
}

/** The buffer of a gateway that may be running: nothing is written and no lock is taken. */
export interface BufferReader extends Disposable {
  status(): BufferStatus;
  ledger(device?: string): LedgerReport;
  check(): CheckReport;
  /** All records in the log, urgent lane first; batches that are damaged are left out. */
  records(): Generator<ExportedRecord>;
  /** Rows of one reading statement of a stage's tables; nothing when the gateway never made them. */
  rows(tables: TableSet, statement: string): SqlRow[];
}

/** Throws FILE_UNREADABLE when there is no buffer in the folder, or it cannot be read. */
export function inspectBuffer(dataDir: string): BufferReader {
  const file = join(dataDir, databaseName);
  if (!existsSync(file)) throw new PortcullisError('FILE_UNREADABLE', `There is no buffer in ${dataDir}.`);
  const db = openReadOnly(file);
  return {
    status: () => readStatus(db),
    ledger: (device) =>
      readLedger(db, knownSinks(db), lastMoment(db), device === undefined ? {} : { devices: [device] }),
    check: () => checkBuffer(db),
    *records() {
      // Ids of the urgent lane come first.
      // A few at a time: a read that lasted as long as the consumer would keep the write-ahead log from being reset.
      const next = db.prepare<[number], StoredBatch>('SELECT * FROM batches WHERE id > ? ORDER BY id LIMIT 100');
      for (let rows = next.all(-1); rows.length > 0; rows = next.all(rows.at(-1)?.id ?? Infinity)) {
        for (const batch of rows) if (isIntact(batch)) yield* recordsOf(batch);
      }
    },
    rows({ name, statements }, statement) {
      const sql = statements[statement];
      if (sql === undefined) throw new PortcullisError('INTERNAL', `There is no statement ${name}.${statement}.`);
      const made = db.prepare('SELECT 1 FROM table_sets WHERE name = ?').get(name);
      return made === undefined ? [] : db.prepare<[], SqlRow>(sql).all();
    },
    [Symbol.dispose]: () => db.close(),
  };
}

function openReadOnly(file: string): Db {
  try {
    const db = new Database(file, { readonly: true, timeout: 5000 });
    db.prepare('SELECT count(*) FROM batches').get();
    return db;
  } catch (error) {
    throw new PortcullisError(
      'FILE_UNREADABLE',
      `${file} cannot be read as a buffer. Start the gateway: it mends it.`,
      {
        cause: error,
      },
    );
  }
}

function* recordsOf(stored: StoredBatch): Generator<ExportedRecord> {
  const batch = unpackBatch(stored);
  for (const [i, line] of batch.lines.entries()) {
    const { lane, boot, wallMs } = batch;
    yield { lsn: batch.lsns[i] ?? 0, lane, boot, committedAt: wallMs, record: JSON.parse(line) };
  }
}

/** The end of the log, for an outage that still lasts. Uptime is as old as the last fold, seconds at most. */
function lastMoment(db: Db): { lsn: number; wallMs: number; upMs: number } {
  return { lsn: readStatus(db).lastLsn + 1, wallMs: 0, upMs: readMeta(db, 'up_ms') };
}
