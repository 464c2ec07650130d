import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../lib/atomic-write.ts';

/** A passport that was found well and waits to take the place of what is in the data folder. */
export const waiting = 'passport-arrival';
/** The same once everything else has been moved out of its way. */
const moving = 'passport-arriving';
/** Where what was in the data folder before goes. */
const before = 'before-passport';
/** What stays where it is: locks belong to whoever holds them. */
const stays = /^(portcullis\.lock.*|passport-arrival.*|passport-arriving|before-passport.*)$/;

/** Whether a passport waits in the data folder, or is half in place. */
export const isArriving = (dataDir: string): boolean =>
  existsSync(join(dataDir, moving)) || existsSync(join(dataDir, waiting));

/**
 * Puts a passport that waits in the data folder in place of what is there, which is kept in `before-passport-…`; false when none waits.
 * A power cut on the way leaves what the next call completes. Nobody else may use the folder meanwhile.
 */
export async function settleArrival(dataDir: string, nowMs: number): Promise<boolean> {
  const from = join(dataDir, moving);
  if (!existsSync(from)) {
    if (!existsSync(join(dataDir, waiting))) return false;
    await moveOut(dataDir, nowMs);
    await rename(join(dataDir, waiting), from);
    await syncFolder(dataDir);
  }
  const come = join(from, 'data');
  // The database comes last: until it is there, no gateway that starts takes the folder for whole.
  const names = existsSync(come) ? await readdir(come) : [];
  for (const name of names.toSorted(
    (a, b) => Number(a.startsWith('portcullis.')) - Number(b.startsWith('portcullis.')),
  ))
    await rename(join(come, name), join(dataDir, name));
  await syncFolder(dataDir);
  await rm(from, { recursive: true });
  await syncFolder(dataDir);
  return true;
}

async function moveOut(dataDir: string, nowMs: number): Promise<void> {
  const old = (await readdir(dataDir)).filter((name) => !stays.test(name));
  const into = join(dataDir, `${before}.tmp`);
  // One folder for all tries: what a power cut left half moved, or moved and without its name, goes on into the same one.
  const isHalf = existsSync(into);
  if (old.length === 0 && !isHalf) return;
  if (!isHalf) await mkdir(into, { mode: 0o700 });
  for (const name of old) await rename(join(dataDir, name), join(into, name));
  const stamp = new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-');
  await rename(into, join(dataDir, `${before}-${stamp}`));
}

/** Whether a folder holds anything of a gateway. */
export async function isEmptyFolder(dataDir: string): Promise<boolean> {
  if (!existsSync(dataDir)) return true;
  return (await readdir(dataDir)).every((name) => stays.test(name));
}
