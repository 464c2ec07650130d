import { constants, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { PortcullisError } from '../../contracts/errors.ts';
import { atomicWrite } from '../lib/atomic-write.ts';
import type { Slots } from './slots.ts';
import { stage, type Machine } from './update.ts';

/** What the page may ask for: the release that was uploaded, or the one before. */
export type Wish = 'apply' | 'back';
export const wantedFile = 'wanted';
export const lastFile = 'last-update';
export const releaseFile = /^(?:SHA256SUMS(?:\.sig)?|portcullis-\d+\.\d+\.\d+-linux-(?:arm64|armhf|amd64)\.tar\.xz)$/;

/** Of one file; a link or a device in its place is not followed. */
const maxFileBytes = 256 * 1024 * 1024;
const noFollow = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Takes the wish that the gateway laid into `folder`, as root: what it uploaded is copied to where only root writes, and verified there, so
 * that nobody changes it between the check and its use. Resolves with the release that begins its trial, undefined without a wish. Throws
 * RELEASE_REFUSED.
 */
export async function takeWanted(
  folder: string,
  { root, keys, slots, machine }: { root: string; keys: string; slots: Slots; machine: Pick<Machine, 'unpack'> },
): Promise<string | undefined> {
  const wish = await readWish(join(folder, wantedFile));
  if (wish === undefined) return undefined;
  await rm(join(folder, wantedFile), { force: true });
  if (wish === 'back') return goBack(slots);
  const safe = join(root, 'incoming');
  await rm(safe, { recursive: true, force: true });
  await mkdir(safe, { mode: 0o700 });
  try {
    const from = join(folder, 'incoming');
    const names = (await readdir(from).catch(() => [])).filter((name) => releaseFile.test(name));
    for (const name of names) await copyPlain(join(from, name), join(safe, name));
    return await stage(slots, machine, { folder: safe, keys });
  } finally {
    await rm(safe, { recursive: true, force: true });
    await rm(join(folder, 'incoming'), { recursive: true, force: true });
  }
}

/** Tells the page how it ended. */
export function noteEnd(root: string, nowMs: number, said: string): Promise<void> {
  return atomicWrite(join(root, lastFile), JSON.stringify({ at: nowMs, said }), 0o644);
}

async function goBack(slots: Slots): Promise<string> {
  const from = await slots.current();
  const to = (await slots.all()).findLast((version) => version !== from);
  if (to === undefined) throw new PortcullisError('RELEASE_REFUSED', 'No other release is kept here.');
  await slots.beginTrial({ from, to, starts: 0 });
  await slots.switchTo(to);
  return to;
}

async function readWish(path: string): Promise<Wish | undefined> {
  const file = await open(path, noFollow).catch(() => undefined);
  if (file === undefined) return undefined;
  await using _open = file;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
  const word = buffer.toString('utf8', 0, bytesRead).trim();
  return word === 'back' ? 'back' : 'apply';
}

async function copyPlain(from: string, to: string): Promise<void> {
  await using file = await open(from, noFollow).catch(() => {
    throw new PortcullisError('RELEASE_REFUSED', `${from} is no plain file.`);
  });
  const facts = await file.stat();
  if (!facts.isFile() || facts.size > maxFileBytes) {
    throw new PortcullisError('RELEASE_REFUSED', `${from} is no plain file of a release.`);
  }
  await pipeline(
    file.createReadStream({ autoClose: false, end: maxFileBytes }),
    createWriteStream(to, { mode: 0o600 }),
  );
}
