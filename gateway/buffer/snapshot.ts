import { join } from 'node:path';
import Database from 'better-sqlite3';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Contents } from '../../contracts/passport.ts';
import { checkBuffer } from './check.ts';
import { inspectBuffer } from './inspect.ts';
import { databaseName } from './options.ts';

/**
 * Copies the database of a gateway that may be running into a folder, as it stood at one moment. The copy is read within
 * one transaction of its own, so commits go on meanwhile; the write-ahead log is not cut back until it is done. Blocks for
 * as long as it takes: for a process of its own. Throws FILE_UNREADABLE or DISK_FULL.
 */
export function snapshotDatabase(dataDir: string, into: string): void {
  try {
    using db = open(join(dataDir, databaseName));
    db.prepare('VACUUM INTO ?').run(join(into, databaseName));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    if (code === 'SQLITE_FULL') throw new PortcullisError('DISK_FULL', 'There is no room for a copy.', { cause });
    throw new PortcullisError('FILE_UNREADABLE', `The database in ${dataDir} cannot be copied (${code}).`, { cause });
  }
}

/** Bytes of the database that hold something. */
export function usedBytes(dataDir: string): number {
  using buffer = inspectBuffer(dataDir);
  return buffer.status().usedBytes;
}

/** Reads all of a copy: SQLite's full check, every checksum, a recount, and how many rows each table has. */
export function examineSnapshot(folder: string): Contents {
  using buffer = inspectBuffer(folder);
  using db = open(join(folder, databaseName));
  const found = db.prepare<[], { integrity_check: string }>('PRAGMA integrity_check(1)').all();
  const tables = db
    .prepare<[], { name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all()
    .map(({ name }): [string, number] => {
      const quoted = `"${name.replaceAll('"', '""')}"`;
      return [name, db.prepare<[], { n: number }>(`SELECT count(*) AS n FROM ${quoted}`).get()?.n ?? 0];
    });
  const { sinks } = buffer.ledger();
  return {
    tables: Object.fromEntries(tables),
    sinks: sinks.map(({ sink, accepted, delivered, buffered, balanced }) => ({
      sink,
      accepted,
      delivered,
      buffered,
      balanced,
    })),
    lastLsn: buffer.status().lastLsn,
    whole: found[0]?.integrity_check === 'ok' && checkBuffer(db).ok,
  };
}

function open(file: string): Database.Database & Disposable {
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: 5000 });
  return Object.assign(db, { [Symbol.dispose]: () => void db.close() });
}
