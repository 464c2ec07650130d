import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Manifest } from '../../../contracts/passport.ts';
import { passportParts } from '../../../gateway/passport-parts.ts';
import { makePassport, type MadePassport } from '../../../gateway/passport/make.ts';
import { seal } from '../../../gateway/passport/sealing.ts';
import { entry, measurement, open, tempDir } from '../buffer/buffer-fixture.ts';

export const passphrase = 'seven quiet valves';
/** A guess at the passphrase costs next to nothing: for tests only. */
const quickWork = 4;

export interface Made extends MadePassport {
  readonly file: string;
  readonly dataDir: string;
}

/** A gateway's data folder with a few files, three records that wait, and a passport of it. */
export async function makeOne(t: TestContext, devices = ['a', 'b', 'a']): Promise<Made> {
  const dataDir = await tempDir(t);
  const file = join(await tempDir(t), 'house.passport');
  await writeFile(join(dataDir, 'admin-token'), 'secret\n');
  await writeFile(join(dataDir, 'large'), randomBytes(100_000));
  await writeFile(join(dataDir, 'gateway-epoch'), 'never travels');
  const dir = await tempDir(t);
  await writeFile(join(dir, 'acme.plugin.tgz'), 'a bundle');
  const buffer = await open(t, dataDir);
  for (const [n, device] of devices.entries()) await buffer.append(entry(measurement(device, n)));
  const made = await makePassport(
    { ...orderFor(dataDir), written: { dataDir, plugins: { dir } }, out: file },
    passportParts,
  );
  await buffer[Symbol.asyncDispose]();
  return { ...made, file, dataDir };
}

export const orderFor = (dataDir: string) => ({
  dataDir,
  gateway: 'gw-test',
  identity: { epoch: 1, instance: '0123456789abcdef' },
  version: '0.1.0',
  nowMs: 1_000,
  passphrase,
});

/** A sealed file with whatever is said, by somebody who knows the passphrase. */
export async function sealPieces(t: TestContext, pieces: readonly Uint8Array[]): Promise<string> {
  const file = join(await tempDir(t), 'hostile.passport');
  await writeFile(file, seal(iterate(pieces), passphrase, quickWork));
  return file;
}

async function* iterate(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

export const listing = (path: string, content: string): Manifest['files'][number] => ({
  path,
  size: Buffer.byteLength(content),
  sha256: createHash('sha256').update(content).digest('hex'),
});
