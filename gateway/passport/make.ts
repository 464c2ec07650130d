import { createReadStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { PortcullisError } from '../../contracts/errors.ts';
import { passphraseSchema, type Contents, type GatewayEpoch, type Manifest } from '../../contracts/passport.ts';
import { removeUnnamed, writeInPieces } from '../lib/atomic-write.ts';
import { packFiles } from './archive.ts';
import { requireRoom } from './room.ts';
import { openScratch } from './scratch.ts';
import { seal } from './sealing.ts';
import { bytesOf, listFiles, ownFiles, stage } from './staged-files.ts';
import { manifestName, unpackPassport } from './unpack.ts';

/**
 * What others do for a passport: the buffer, where each folder holds a database under the name that the buffer gives it, and the
 * configuration, which is laid down in a data folder and looked at there.
 */
export interface PassportParts {
  readonly snapshot: (dataDir: string, into: string) => void;
  readonly examine: (folder: string) => Contents;
  readonly usedBytes: (dataDir: string) => number;
  readonly layDownConfiguration: (written: object, dataDir: string) => Promise<void>;
  /** Rejects with PASSPORT_REFUSED; `machine` is what is written on the machine that it comes to. */
  readonly checkConfiguration: (dataDir: string, machine: object | undefined) => Promise<void>;
}
export type ProvingParts = Pick<PassportParts, 'examine' | 'checkConfiguration'>;

export interface PassportOrder {
  readonly dataDir: string;
  readonly gateway: string;
  readonly identity: GatewayEpoch;
  readonly version: string;
  readonly nowMs: number;
  readonly passphrase: string;
  /** The configuration as it was written, every path absolute; without it the passport has none. */
  readonly written?: object | undefined;
  /** Where the passport is written. */
  readonly out: string;
}

/** A passport that was made and proven. */
export interface MadePassport {
  readonly bytes: number;
  readonly manifest: Manifest;
}

/**
 * Makes a passport of a gateway that may be running, and proves it: it is decrypted and restored beside, its database is read
 * whole, and must hold what was copied. The file appears when that is done. Throws DISK_FULL, before it fills the disk, when there is
 * no room for copy and passport, PASSPORT_REFUSED when the copy or the proof is not well.
 */
export async function makePassport(order: PassportOrder, parts: PassportParts): Promise<MadePassport> {
  const passphrase = acceptable(order.passphrase);
  const { dataDir } = order;
  await removeUnnamed(order.out);
  const ownBytes = await bytesOf(dataDir, await ownFiles(dataDir));
  await requireRoom(dataDir, 2 * (parts.usedBytes(dataDir) + ownBytes));
  await using scratch = await openScratch(dataDir);
  const staged = await scratch.folder('staged');
  const manifest = await gather(order, staged, parts);
  // What the configuration names came along too.
  await requireRoom(
    dataDir,
    manifest.files.reduce((sum, { size }) => sum + size, 0),
  );
  const sealed = join(scratch.path, 'sealed');
  await writeInPieces(sealed, seal(packFiles(await packingList(manifest, staged)), passphrase));
  // The copy makes room for what comes out of the passport.
  await scratch.remove('staged');
  const proven = await tryPassport({ file: sealed, passphrase }, await scratch.folder('restored'), parts);
  if (!isDeepStrictEqual(proven, manifest)) throw refused('does not hold what was put into it');
  await scratch.remove('restored');
  const { size } = await stat(sealed);
  await writeInPieces(order.out, createReadStream(sealed) as AsyncIterable<Uint8Array>);
  return { bytes: size, manifest };
}

/**
 * Restores a passport into an empty folder, reads its database whole, and looks whether its configuration can be used behind what is
 * written on this `machine`. Throws PASSPORT_REFUSED unless it is well and holds what the manifest says.
 */
export async function tryPassport(
  { file, passphrase, machine }: { readonly file: string; readonly passphrase: string; readonly machine?: object },
  into: string,
  { examine, checkConfiguration }: ProvingParts,
): Promise<Manifest> {
  const manifest = await unpackPassport(file, passphrase, into);
  const found = examined(join(into, 'data'), examine);
  if (!found.whole || !isDeepStrictEqual(found, manifest.contents)) throw refused('holds a database that is damaged');
  await checkConfiguration(join(into, 'data'), machine);
  return manifest;
}

function examined(folder: string, examine: PassportParts['examine']): Contents {
  try {
    return examine(folder);
  } catch (cause) {
    throw new PortcullisError('PASSPORT_REFUSED', 'The passport holds a database that cannot be read.', { cause });
  }
}

async function gather(order: PassportOrder, staged: string, parts: PassportParts): Promise<Manifest> {
  const { dataDir, gateway, identity, version, nowMs, written } = order;
  const { snapshot, examine, layDownConfiguration } = parts;
  await stage(dataDir, await ownFiles(dataDir), join(staged, 'data'));
  if (written !== undefined) await layDownConfiguration(written, join(staged, 'data'));
  snapshot(dataDir, join(staged, 'data'));
  const contents = examine(join(staged, 'data'));
  if (!contents.whole) throw refused('was not made: the database is damaged, restart the gateway first');
  const files = await listFiles(staged);
  return { v: 2, gateway, epoch: identity.epoch, version, madeAt: Math.trunc(nowMs), contents, files };
}

async function packingList(manifest: Manifest, staged: string) {
  const head = JSON.stringify(manifest);
  const from = join(staged, manifestName);
  await writeFile(from, head, { mode: 0o600 });
  const files = manifest.files.map(({ path, size }) => ({ path, size, from: join(staged, path) }));
  return [{ path: manifestName, size: Buffer.byteLength(head), from }, ...files];
}

function acceptable(passphrase: string): string {
  const parsed = passphraseSchema.safeParse(passphrase);
  if (parsed.success) return parsed.data;
  throw new PortcullisError('INPUT_INVALID', `passphrase: ${parsed.error.issues[0]?.message ?? 'invalid'}`);
}

const refused = (what: string): PortcullisError => new PortcullisError('PASSPORT_REFUSED', `The passport ${what}.`);
