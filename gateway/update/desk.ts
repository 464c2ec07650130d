import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { PortcullisError } from '../../contracts/errors.ts';
import type { UpdateState } from '../../contracts/update-state.ts';
import { appendPart } from '../lib/append-part.ts';
import { atomicWrite } from '../lib/atomic-write.ts';
import { Slots } from './slots.ts';
import { lastFile, releaseFile, wantedFile, type Wish } from './wanted.ts';

/** Of one release, all files together. */
const maxReleaseBytes = 256 * 1024 * 1024;

/** Updates as the gateway itself may ask for them: it has no right to make one, it lays down what root shall look at. */
export interface UpdateDesk {
  state(): Promise<UpdateState>;
  /** Takes a part of a file of a release; the parts of one come in order. Throws COMMAND_INVALID, CONFLICT for one that does not follow. */
  receive(
    part: { readonly name: string; readonly offset: number },
    body: Readable,
  ): Promise<{ readonly bytes: number }>;
  /** Throws COMMAND_INVALID where there is nothing to do it with. */
  want(wish: Wish): Promise<void>;
}

/** `dataDir` is the gateway's own folder, `root` the one of the releases. */
export function openUpdateDesk(dataDir: string, root = '/opt/portcullis'): UpdateDesk {
  const folder = join(dataDir, 'update');
  const incoming = join(folder, 'incoming');
  const slots = new Slots(root);
  const current = (): Promise<string | undefined> => slots.current().catch(() => undefined);
  const state = async (): Promise<UpdateState> => {
    const running = await current();
    if (running === undefined) return { hasSlots: false, kept: [], isWanted: false };
    const [all, trial, last, isWanted] = await Promise.all([
      slots.all(),
      slots.trial(),
      readFile(join(root, lastFile), 'utf8').then(lastIn, () => undefined),
      stat(join(folder, wantedFile)).then(
        () => true,
        () => false,
      ),
    ]);
    const kept = all.filter((version) => version !== running);
    return { hasSlots: true, current: running, kept, isWanted, ...(trial && { trial }), ...(last && { last }) };
  };
  return {
    state,
    async receive({ name, offset }, body) {
      if (!releaseFile.test(name)) throw wrong(`"${name.slice(0, 64)}" is no file of a release.`);
      if ((await current()) === undefined) throw wrong('This machine does not keep releases beside each other.');
      await mkdir(incoming, { recursive: true, mode: 0o700 });
      const others = await sizeOf(incoming, name);
      const bytes = await appendPart(join(incoming, name), offset, body, (size) => {
        if (others + size > maxReleaseBytes) throw wrong('That is larger than any release.');
      });
      return { bytes };
    },
    async want(wish) {
      const { hasSlots, kept, isWanted, trial } = await state();
      if (!hasSlots) throw wrong('This machine does not keep releases beside each other.');
      if (isWanted || trial) throw new PortcullisError('CONFLICT', 'An update is under way. Wait until it is decided.');
      if (wish === 'back' && kept.length === 0) throw wrong('No other release is kept here.');
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await atomicWrite(join(folder, wantedFile), wish, 0o600);
    },
  };
}

async function sizeOf(folder: string, except: string): Promise<number> {
  const names = (await readdir(folder)).filter((name) => name !== except);
  // What does not belong to this release is of one before.
  const stale = names.filter((name) => !releaseFile.test(name));
  for (const name of stale) await rm(join(folder, name), { recursive: true, force: true });
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function lastIn(text: string): UpdateState['last'] {
  const { at, said } = JSON.parse(text) as { at: number; said: string };
  return { at, said };
}

const wrong = (sentence: string): PortcullisError => new PortcullisError('COMMAND_INVALID', sentence);
