import { closeSync, fsyncSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { lanes } from '../../contracts/sink.ts';
import { settleContradictions } from './contradiction.ts';
import { openScratch, pageBytes, type Db } from './database.ts';
import { ledgerAgainstLog, ledgerBeyondLog } from './ledger-against-log.ts';
import { isIntact, laneOf, type StoredBatch } from './batch.ts';
import { openLog } from './log.ts';
import { openStore, type OpenStore } from './open-store.ts';
import { databaseName } from './options.ts';
import { scanBatches } from './page-scan.ts';
import type { Now, WriterData } from './protocol.ts';
import { finishSwap, isMarkedDamaged, removeUnfinished, salvageName, swapIn } from './quarantine.ts';
import { rebalance } from './rebalance.ts';
import { copyTable } from './salvage-copy.ts';
import { bufferSet, migrate } from './schema.ts';
import { faultOf } from './store-error.ts';
import { isEmptyFile, isWalDamaged } from './wal-check.ts';

/** What became of a damaged database. Records are counted once, whatever the number of sinks. */
export interface SalvageReport {
  /** Where the damaged file was moved. */
  readonly quarantine: string;
  readonly cause: string;
  readonly salvagedRecords: number;
  /** Undefined when the ledger itself or the newest commits could not be read, so that nobody can know. */
  readonly lostRecords: number | undefined;
  /** Rows of the stages' tables that could be read. */
  readonly salvagedRows: number;
}

/** Opens the store. A database that is damaged is salvaged first: it never keeps the gateway from starting. */
export function openOrSalvage(
  options: WriterData['options'],
  now: Now,
): { open: OpenStore; salvaged: SalvageReport | undefined } {
  finishSwap(options.dataDir);
  if (!isMarkedDamaged(options.dataDir)) {
    try {
      return { open: openVerified(options, now), salvaged: undefined };
    } catch (error) {
      if (faultOf(error) !== 'corrupt') throw error;
      const salvaged = salvage(options, now, String(error));
      return { open: openStore(options, now), salvaged };
    }
  }
  const salvaged = salvage(options, now, 'damage was found while the gateway ran');
  return { open: openStore(options, now), salvaged };
}

/** Up to this size a file is checked whole at each start: 8 MB, 0.4 s of a card that reads 20 MB/s. */
const mostPagesChecked = 8_192;

/**
 * The checks whose cost is bounded whatever the file holds; in a large file damage elsewhere is found when it is read. Two
 * pages that changed places can make a smaller table without a contradiction, so that reading finds nothing.
 */
function openVerified(options: WriterData['options'], now: Now): OpenStore {
  if (isWalDamaged(join(options.dataDir, databaseName))) throw corruption('the write-ahead log is damaged');
  const open = openStore(options, now);
  try {
    open.db.pragma('wal_checkpoint(TRUNCATE)');
    const pages = Number(open.db.pragma('page_count', { simple: true }));
    const size = statSync(join(options.dataDir, databaseName)).size;
    if (size < pages * pageBytes) throw corruption(`the file has ${size} of ${pages * pageBytes} bytes`);
    const damage = pages > mostPagesChecked ? ledgerBeyondLog(open.db) : damageIn(open.db);
    if (damage !== undefined) throw corruption(damage);
    for (const order of ['ASC', 'DESC']) {
      const row = open.db.prepare<[], StoredBatch>(`SELECT * FROM batches ORDER BY id ${order} LIMIT 1`).get();
      if (row && !isIntact(row)) throw corruption(`batch ${row.id} has a wrong checksum`);
    }
    return open;
  } catch (error) {
    open.db.close();
    throw error;
  }
}

/**
 * The first thing that is wrong in a whole file; undefined in a sound one. Reads all of it, and holds the ledger to the log: a
 * log that changed places with an empty table is no damage to SQLite. Whatever it finds, a salvage mends.
 */
function damageIn(db: Db): string | undefined {
  try {
    const found = String(db.pragma('quick_check(1)', { simple: true }));
    return found === 'ok' ? ledgerAgainstLog(db) : found;
  } catch (error) {
    if (faultOf(error) !== 'corrupt' && faultOf(error) !== 'statement') throw error;
    return String(error);
  }
}

const corruption = (message: string): Error => Object.assign(new Error(message), { code: 'SQLITE_CORRUPT' });

/** Tables whose loss makes the number of lost records unknowable. */
const books = ['totals', 'cursors', 'meta'];
/** Everything of ours but the batches; the order does not matter. */
const ownTables = ['boots', 'journal', 'parked', 'outages', 'dead_letters'];

function salvage(options: WriterData['options'], now: Now, cause: string): SalvageReport {
  const { dataDir } = options;
  removeUnfinished(dataDir);
  const damaged = join(dataDir, databaseName);
  const into = openScratch(join(dataDir, salvageName));
  const walDamaged = isWalDamaged(damaged);
  let batchesWhole = false;
  let booksWhole = false;
  let salvagedRows = 0;
  let salvagedRecords: number;
  let lost: number;
  try {
    migrate(into, [bufferSet, ...options.tables]);
    into.exec('BEGIN IMMEDIATE');
    const from = openDamaged(damaged);
    if (from) {
      booksWhole = books.map((table) => copyTable(from, into, table).whole).every(Boolean);
      for (const table of ownTables) copyTable(from, into, table);
      for (const table of stageTables(into)) salvagedRows += copyTable(from, into, table).rows;
      batchesWhole = copyIntactBatches(from, into) && damageIn(from) === undefined;
    }
    if (!batchesWhole || walDamaged) addScannedBatches(damaged, into, booksWhole);
    from?.close();
    completeCursors(into, options.sinks);
    settleContradictions(into);
    lost = rebalance(into);
    const found = into.prepare<[], { n: number | null }>('SELECT sum(n) AS n FROM batches').get();
    salvagedRecords = found?.n ?? 0;
    into.exec('COMMIT');
  } finally {
    into.close();
  }
  syncFile(join(dataDir, salvageName));
  const quarantine = swapIn(dataDir, now.wallMs);
  return {
    quarantine,
    cause,
    salvagedRecords,
    lostRecords: booksWhole && !walDamaged ? lost : undefined,
    salvagedRows,
  };
}

/** Undefined when SQLite does not even recognise the file. */
function openDamaged(file: string): Db | undefined {
  if (isEmptyFile(file)) return undefined;
  // Read-only, so that closing it neither checkpoints nor deletes the write-ahead log.
  const db = new Database(file, { readonly: true });
  try {
    db.prepare('SELECT count(*) FROM sqlite_master').get();
    return db;
  } catch {
    db.close();
    return undefined;
  }
}

function stageTables(into: Db): string[] {
  const own = new Set([...books, ...ownTables, 'batches', 'table_sets']);
  const all = into
    .prepare<[], { name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all();
  return all.map((row) => row.name).filter((name) => !own.has(name));
}

/** False when a batch could not be read or had a wrong checksum. */
function copyIntactBatches(from: Db, into: Db): boolean {
  const columns = into.prepare<[], { name: string }>("SELECT name FROM pragma_table_info('batches')").all();
  let intact = true;
  const { whole } = copyTable(from, into, 'batches', (values) => {
    const row = Object.fromEntries(columns.map(({ name }, i) => [name, values[i]])) as unknown as StoredBatch;
    intact &&= isIntact(row);
    return isIntact(row);
  });
  return whole && intact;
}

/**
 * Adds the batches that only the pages know. With whole books those that every sink had settled stay away: they are
 * deleted rows, not lost ones.
 */
function addScannedBatches(damaged: string, into: Db, booksWhole: boolean): void {
  const log = openLog(into);
  const known = into.prepare('SELECT 1 FROM batches WHERE id = ?');
  const position = into.prepare<[string], { lsn: number | null }>('SELECT min(lsn) AS lsn FROM cursors WHERE lane = ?');
  const settled = new Map(lanes.map((lane) => [lane, position.get(lane)?.lsn ?? 0]));
  for (const row of scanBatches(damaged)) {
    if (known.get(row.id) || (booksWhole && row.last_lsn <= (settled.get(laneOf(row.id)) ?? 0))) continue;
    try {
      log.insert({ ...row, notes: null });
    } catch (error) {
      // A row that breaks a constraint of the new table is damaged as well.
      if (faultOf(error) !== 'statement') throw error;
    }
  }
}

function syncFile(path: string): void {
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}

function completeCursors(into: Db, sinks: readonly string[]): void {
  const add = into.prepare('INSERT OR IGNORE INTO cursors VALUES (?, ?, 0)');
  for (const sink of sinks) for (const lane of lanes) add.run(sink, lane);
}
