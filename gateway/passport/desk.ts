import { randomBytes } from 'node:crypto';
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { PortcullisError, type ErrorCode } from '../../contracts/errors.ts';
import type { KeptPassport, Manifest, PassportFound, PassportState } from '../../contracts/passport.ts';
import { appendPart } from '../lib/append-part.ts';
import { removeUnnamed } from '../lib/atomic-write.ts';
import { oneAtATime } from '../lib/one-at-a-time.ts';
import { foundIn } from './found.ts';
import type { MadePassport, PassportOrder } from './make.ts';
import type { ArrivalOrder } from './prepare-arrival.ts';
import { requireRoom } from './room.ts';
import { waiting } from './settle-arrival.ts';

/** What the process that makes and proves is asked for; it answers with a `DeskResult`. */
export type DeskOrder = { readonly make: PassportOrder } | { readonly arrive: ArrivalOrder };
export type DeskResult =
  | { readonly made: MadePassport }
  | { readonly came: Manifest }
  | { readonly refused: { readonly code: ErrorCode; readonly message: string } };

export interface DeskOptions {
  readonly dataDir: string;
  /** Who makes one now; the name and epoch are those that run. */
  readonly order: () => Omit<PassportOrder, 'passphrase' | 'out'>;
  readonly ask: (order: DeskOrder) => Promise<DeskResult>;
  /** Starts the gateway anew; undefined where nobody would start it again. */
  readonly restart: (() => void) | undefined;
}

/** Passports as the page makes and takes them, one at a time. The work is done in a process that ends. */
export interface PassportDesk {
  state(): PassportState;
  /** Throws INPUT_INVALID for a short passphrase, DISK_FULL, PASSPORT_REFUSED when the proof fails, OVERLOADED while another is at work. */
  make(passphrase: string): Promise<KeptPassport>;
  /** The one that was made. Throws NOT_FOUND. */
  file(): Promise<{ readonly content: Readable; readonly bytes: number; readonly name: string }>;
  /** Takes a part of a passport, in order. Throws CONFLICT for one that does not follow, DISK_FULL. */
  receive(offset: number, body: Readable): Promise<{ readonly bytes: number }>;
  /** Proves what came and lays it down for the next start. Throws PASSPORT_REFUSED, and changes nothing then. */
  arrive(passphrase: string): Promise<PassportFound>;
  /** Takes back what waits for the next start. */
  withdraw(): Promise<void>;
}

export async function openPassportDesk({ dataDir, order, ask, restart }: DeskOptions): Promise<PassportDesk> {
  // Names that no passport takes along.
  const [out, incoming] = [join(dataDir, 'passport-made'), join(dataDir, 'passport-incoming')];
  // Of a life before: whoever made it has it by now, and on the card it is only in the way.
  for (const file of [out, incoming]) await rm(file, { force: true });
  await removeUnnamed(out);
  let made: KeptPassport | undefined;
  let waits: PassportFound | undefined;

  const alone = oneAtATime('Another passport is at work. Try again when it is done.');
  const done = async (what: DeskOrder): Promise<Exclude<DeskResult, { refused: object }>> => {
    const result = await ask(what);
    if (!('refused' in result)) return result;
    throw new PortcullisError(result.refused.code, result.refused.message);
  };
  return {
    state: () => ({ ...(made && { made }), ...(waits && { waits }), restarts: restart !== undefined }),
    make: (passphrase) =>
      alone(async () => {
        made = undefined;
        await rm(out, { force: true });
        const result = await done({ make: { ...order(), passphrase, out } });
        if (!('made' in result)) throw strange();
        made = { bytes: result.made.bytes, found: foundIn(result.made.manifest) };
        return made;
      }),
    async file() {
      if (made === undefined) throw new PortcullisError('NOT_FOUND', 'No passport was made since the start.');
      const { gateway, madeAt } = made.found;
      const content = (await open(out)).createReadStream();
      return { content, bytes: made.bytes, name: `${gateway}-${new Date(madeAt).toISOString().slice(0, 10)}.passport` };
    },
    receive: (offset, body) =>
      alone(async () => {
        await requireRoom(dataDir, 0);
        return { bytes: await appendPart(incoming, offset, body, () => undefined) };
      }),
    arrive: (passphrase) =>
      alone(async () => {
        await stat(incoming).catch((cause: unknown) => {
          throw new PortcullisError('NOT_FOUND', 'No passport was sent yet.', { cause });
        });
        const { written } = order();
        const instance = randomBytes(8).toString('hex');
        const arriving = { file: incoming, passphrase, dataDir, instance, ...(written && { machine: written }) };
        const result = await done({ arrive: arriving });
        if (!('came' in result)) throw strange();
        await rm(incoming, { force: true });
        waits = foundIn(result.came);
        restart?.();
        return waits;
      }),
    withdraw: () =>
      alone(async () => {
        await rm(join(dataDir, waiting), { recursive: true, force: true });
        waits = undefined;
      }),
  };
}

const strange = (): PortcullisError =>
  new PortcullisError('INTERNAL', 'The process of the passport answered something else.');
