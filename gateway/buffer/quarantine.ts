import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, closeSync, openSync, fsyncSync } from 'node:fs';
import { join } from 'node:path';
import { databaseName } from './options.ts';

/** Damaged databases kept for a person to look at; older ones are deleted. */
const kept = 3;
const companions = ['', '-wal', '-shm'];
const markName = 'portcullis.damaged';

/** Remembers over a restart of the writer that the database turned out to be damaged while it was in use. */
export function markDamaged(dataDir: string): void {
  const file = openSync(join(dataDir, markName), 'w', 0o600);
  fsyncSync(file);
  closeSync(file);
}

export const isMarkedDamaged = (dataDir: string): boolean => existsSync(join(dataDir, markName));

/** The file that a salvage fills before it takes the place of the database. */
export const salvageName = 'portcullis.salvaged.db';

export function removeUnfinished(dataDir: string): void {
  for (const suffix of companions) rmSync(join(dataDir, salvageName + suffix), { force: true });
}

/**
 * Moves the damaged database aside and puts the salvaged one in its place. A crash between the two leaves the salvaged
 * file without a database beside it, and `finishSwap` completes that at the next start.
 */
export function swapIn(dataDir: string, wallMs: number): string {
  const stamp = new Date(wallMs).toISOString().replaceAll(/[:.]/g, '-');
  const root = join(dataDir, 'quarantine');
  let folder = join(root, stamp);
  for (let n = 1; existsSync(folder); n++) folder = join(root, `${stamp}-${n}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const suffix of companions) {
    const from = join(dataDir, databaseName + suffix);
    if (existsSync(from)) renameSync(from, join(folder, databaseName + suffix));
  }
  finishSwap(dataDir);
  const all = readdirSync(root).sort();
  for (const old of all.slice(0, Math.max(0, all.length - kept))) rmSync(join(root, old), { recursive: true });
  return folder;
}

export function finishSwap(dataDir: string): void {
  const salvaged = join(dataDir, salvageName);
  if (existsSync(join(dataDir, databaseName)) || !existsSync(salvaged)) return;
  // A crash may have come between the moving of the damaged database and of its log, which is not this one's.
  for (const suffix of ['-wal', '-shm']) rmSync(join(dataDir, databaseName + suffix), { force: true });
  renameSync(salvaged, join(dataDir, databaseName));
  rmSync(join(dataDir, markName), { force: true });
  const folder = openSync(dataDir, 'r');
  fsyncSync(folder);
  closeSync(folder);
}
