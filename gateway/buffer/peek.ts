import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { PortcullisError } from '../../contracts/errors.ts';
import { databaseName } from './options.ts';

const busyMs = 2_000;
const headerBytes = 100;

/**
 * Whether there is a database in the folder, for somebody who must leave no trace: nothing is written, no lock outlives
 * the look, and it costs the same whatever the file holds. Throws FILE_UNREADABLE for a file that is no database.
 */
export function peekBuffer(dataDir: string): boolean {
  const file = join(dataDir, databaseName);
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    // The gateway takes an empty file for a new one.
    if (found === undefined || (found.isFile() && found.size === 0)) return false;
    if (!found.isFile()) throw new TypeError('It is no file.');
    // Where nobody has it open, SQLite would make the index of its log for whoever asks, and leave it there.
    if (existsSync(`${file}-shm`)) readThrough(file);
    else readHeader(file);
    return true;
  } catch (cause) {
    throw new PortcullisError('FILE_UNREADABLE', `${file} cannot be read as a buffer.`, { cause });
  }
}

function readThrough(file: string): void {
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: busyMs });
  try {
    db.prepare('SELECT 1 FROM batches LIMIT 1').get();
  } finally {
    db.close();
  }
}

/** The magic text, and the length that the file has by its own account (sqlite.org/fileformat2.html, section 1.3). */
function readHeader(file: string): void {
  const header = Buffer.alloc(headerBytes);
  const opened = openSync(file, 'r');
  try {
    readSync(opened, header);
    if (!header.toString('latin1').startsWith('SQLite format 3\0')) throw new TypeError('It is no database.');
    const pageBytes = header.readUInt16BE(16);
    if (fstatSync(opened).size < pageBytes * header.readUInt32BE(28)) throw new TypeError('It is cut off.');
  } finally {
    closeSync(opened);
  }
}
