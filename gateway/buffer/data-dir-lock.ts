import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { PortcullisError } from '../../contracts/errors.ts';

/**
 * Takes the data folder for this process. The lock is a POSIX lock that SQLite holds on an empty file of its own, so it
 * ends with the process however it dies, and readers of the database are not shut out. Throws DATA_DIR_LOCKED, and FILE_UNREADABLE where
 * there is no such folder.
 */
export function lockDataDir(dataDir: string, waitMs: number): Disposable {
  if (!isFolder(dataDir)) throw new PortcullisError('FILE_UNREADABLE', `There is no folder ${dataDir}.`);
  const lock = new Database(join(dataDir, 'portcullis.lock'), { timeout: waitMs });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw new PortcullisError('DATA_DIR_LOCKED', `${dataDir} is in use by another process.`, { cause: error });
  }
  return { [Symbol.dispose]: () => lock.close() };
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
