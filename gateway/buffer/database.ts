import Database from 'better-sqlite3';
import { PortcullisError } from '../../contracts/errors.ts';

export type Db = Database.Database;

/**
 * Size of a page; fixed, because the byte budget is counted in pages. A commit of one record writes one page and its
 * frame to the log, which wears the card least when they are small (decision 0096).
 */
export const pageBytes = 1024;
/** The log is checkpointed at this size and cut back to it afterwards. */
const walPages = 4000;
/** What the budget reserves for the write-ahead log and its index. */
export const walReserveBytes = 4 * walPages * pageBytes;

/** Versions below it may corrupt a database while a write-ahead log is reset (sqlite.org/wal.html, "WAL-reset bug"). */
const oldestSafe = [3, 51, 3] as const;

export function requireSafeSqlite(version: string): void {
  const parts = version.split('.').map(Number);
  for (const [i, least] of oldestSafe.entries()) {
    const part = parts[i] ?? 0;
    if (part > least) return;
    if (part < least)
      throw new PortcullisError(
        'NATIVE_MODULE',
        `SQLite ${version} may corrupt its log; 3.51.3 is the oldest allowed.`,
      );
  }
}

/**
 * Opens the database for the one writer: write-ahead log, an fsync per commit, and a hard page limit.
 * Every setting that durability rests on is read back, because SQLite ignores what it does not know.
 */
export function openDatabase(file: string, options: { synchronous: 'FULL' | 'NORMAL'; fileBytes: number }): Db {
  const db = new Database(file, { timeout: 5000 });
  try {
    requireSafeSqlite(db.prepare<[], { v: string }>('SELECT sqlite_version() AS v').get()?.v ?? '0');
    db.pragma(`page_size = ${pageBytes}`);
    db.pragma('journal_mode = WAL');
    db.pragma(`synchronous = ${options.synchronous}`);
    db.pragma(`wal_autocheckpoint = ${walPages}`);
    db.pragma(`journal_size_limit = ${walPages * pageBytes}`);
    db.pragma('cache_size = -4096');
    db.pragma('temp_store = MEMORY');
    db.pragma(`max_page_count = ${Math.max(64, Math.floor((options.fileBytes - walReserveBytes) / pageBytes))}`);
    expectPragma(db, 'journal_mode', 'wal');
    expectPragma(db, 'synchronous', options.synchronous === 'FULL' ? 2 : 1);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * A database that is filled once, before anybody relies on it: no log on disk and no fsync on the way. The caller
 * makes the file durable when it is complete.
 */
export function openScratch(file: string): Db {
  const db = new Database(file);
  db.pragma(`page_size = ${pageBytes}`);
  db.pragma('journal_mode = MEMORY');
  db.pragma('synchronous = OFF');
  return db;
}

function expectPragma(db: Db, name: string, value: string | number): void {
  const found = db.pragma(name, { simple: true });
  if (found !== value)
    throw new PortcullisError('STORE_FAILED', `SQLite keeps ${name} at ${String(found)}, not ${value}.`);
}
