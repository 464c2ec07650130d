import assert from 'node:assert/strict';
import { cpSync, existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Decrypter } from 'age-encryption';
import { holdDataDir, passportParts } from '../../../gateway/passport-parts.ts';
import { foundIn } from '../../../gateway/passport/found.ts';
import { makePassport, tryPassport, type PassportParts } from '../../../gateway/passport/make.ts';
import { prepareArrival } from '../../../gateway/passport/prepare-arrival.ts';
import { settleArrival } from '../../../gateway/passport/settle-arrival.ts';
import { smallDisk } from '../../harness/shim.ts';
import { entry, measurement, open, tempDir } from '../buffer/buffer-fixture.ts';
import { makeOne, orderFor, passphrase } from './passport-fixture.ts';

const instance = 'fedcba9876543210';
const want = { sink: 'cloud', lane: 'normal', records: 100, bytes: 1_000_000 } as const;

test('what was undelivered is delivered from the restored folder under the same ids, and what comes then has higher boots', async (t) => {
  const { file, dataDir, manifest } = await makeOne(t);
  const before = await open(t, dataDir);
  const old = (await before.claim(want))?.items.map(({ message }) => message.id);
  await before[Symbol.asyncDispose]();

  const other = await tempDir(t);
  await prepareArrival({ file, passphrase, dataDir: other, instance }, passportParts);
  assert.equal(await settleArrival(other, 0), true);
  assert.equal(await readFile(join(other, 'admin-token'), 'utf8'), 'secret\n');
  assert.equal(await readFile(join(other, 'configuration/plugins/acme.plugin.tgz'), 'utf8'), 'a bundle');
  const { isConfigured, plugins, sinks } = foundIn(manifest);
  assert.deepEqual([isConfigured, plugins, sinks[0]?.buffered], [true, 1, 3]);
  assert.deepEqual(JSON.parse(await readFile(join(other, 'gateway-epoch'), 'utf8')), { epoch: 2, instance });

  const restored = await open(t, other, { epoch: 2 });
  const batch = await restored.claim(want);
  assert.deepEqual(
    batch?.items.map(({ message }) => message.id),
    old,
  );
  await restored.settle(batch ?? assert.fail(), old?.map(() => ({ is: 'accept' })) ?? []);
  await restored.append(entry(measurement('a', 9)));
  const next = (await restored.claim(want))?.items[0]?.message;
  assert.deepEqual([next?.boot, next?.seq], [2 ** 20 + 1, 0]);
  assert.equal((await restored.ledger()).balanced, true);
});

test('a passport that is made while records come in holds all that were acknowledged before, whole and balanced', async (t) => {
  const dataDir = await tempDir(t);
  const buffer = await open(t, dataDir);
  const out = join(await tempDir(t), 'p');
  let sent = 0;
  const end = new AbortController();
  const load = (async () => {
    while (!end.signal.aborted)
      await Promise.all(Array.from({ length: 50 }, () => buffer.append(entry(measurement('d', sent++)))));
  })();
  for (let n = 0; n < 20; n++) await buffer.append(entry(measurement('before', n)));
  const { manifest } = await makePassport({ ...orderFor(dataDir), out }, passportParts);
  end.abort();
  await load;
  const [cloud] = manifest.contents.sinks;
  assert.equal(manifest.contents.whole, true);
  assert.ok(cloud?.balanced && cloud.buffered >= 20);
  assert.equal((await buffer.ledger()).balanced, true);
  assert.deepEqual(
    (await readdir(dataDir)).filter((name) => name.startsWith('passport')),
    [],
  );
});

test('a wrong passphrase, a file that is cut off and a changed byte are refused, and leave nothing behind', async (t) => {
  const { file } = await makeOne(t);
  const other = await tempDir(t);
  const refused = async (path: string, phrase: string, message: RegExp): Promise<void> => {
    const arriving = prepareArrival({ file: path, passphrase: phrase, dataDir: other, instance }, passportParts);
    await assert.rejects(arriving, { code: 'PASSPORT_REFUSED', message });
    assert.deepEqual(await readdir(other), []);
  };
  await refused(file, `${passphrase}!`, /passphrase does not open/);
  const whole = await readFile(file);
  const broken = `${file}.broken`;
  for (const bytes of [10, 300, 70_000, whole.length - 1]) {
    await writeFile(broken, whole.subarray(0, bytes));
    await refused(broken, passphrase, /not a passport|damaged|cut off/);
  }
  // The end of a chunk is where a cut could look like an end.
  await writeFile(broken, whole.subarray(0, headerOf(whole) + 16 + 65_552));
  await refused(broken, passphrase, /damaged or cut off/);
  for (const at of [headerOf(whole) + 20, whole.length - 5]) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await writeFile(broken, changed);
    await refused(broken, passphrase, /damaged or cut off/);
  }
});

test('a folder in place of a passport, and a data folder that is not there, are said in a sentence', async (t) => {
  const folder = await tempDir(t);
  const checking = tryPassport({ file: folder, passphrase }, await tempDir(t), passportParts);
  await assert.rejects(checking, { code: 'FILE_UNREADABLE', message: `${folder} cannot be read.` });
  await writeFile(join(folder, 'file'), '');
  for (const path of [join(folder, 'missing'), join(folder, 'file'), join(folder, 'file/inner')])
    assert.throws(() => holdDataDir(path), { code: 'FILE_UNREADABLE', message: `There is no folder ${path}.` }, path);
});

test('the library of age opens a passport with its passphrase alone, and finds a tar', async (t) => {
  const { file } = await makeOne(t);
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  const tar = await decrypter.decrypt(await readFile(file));
  assert.equal(Buffer.from(tar.subarray(257, 262)).toString(), 'ustar');
});

test('a short passphrase is refused before anything is written', async (t) => {
  const { dataDir } = await makeOne(t);
  const order = { ...orderFor(dataDir), passphrase: 'too short', out: join(dataDir, 'never') };
  await assert.rejects(makePassport(order, passportParts), { code: 'INPUT_INVALID' });
});

test('a passport whose database is damaged is found out by the proof', async (t) => {
  const { file } = await makeOne(t);
  const into = await tempDir(t);
  const forgetful = {
    ...passportParts,
    examine: (folder: string) => ({ ...passportParts.examine(folder), lastLsn: 2 }),
  };
  await assert.rejects(tryPassport({ file, passphrase }, into, forgetful), { code: 'PASSPORT_REFUSED' });
});

test('what was in the folder is kept beside, and a power cut on the way in is completed by the next start', async (t) => {
  const { file } = await makeOne(t);
  const folder = await tempDir(t);
  await writeFile(join(folder, 'admin-token'), 'of another\n');
  await prepareArrival({ file, passphrase, dataDir: folder, instance }, passportParts);
  // Cut off after the second of all renames.
  await rename(join(folder, 'passport-arrival'), join(folder, 'passport-arriving'));
  await rename(join(folder, 'passport-arriving/data/gateway-name'), join(folder, 'gateway-name'));
  assert.equal(await settleArrival(folder, 0), true);
  assert.equal(await settleArrival(folder, 0), false);
  assert.equal(passportParts.examine(folder).whole, true);

  await prepareArrival({ file, passphrase, dataDir: folder, instance }, passportParts);
  await settleArrival(folder, 0);
  const kept = join(folder, 'before-passport-1970-01-01T00-00-00-000Z');
  assert.equal(await readFile(join(kept, 'admin-token'), 'utf8'), 'secret\n');
  assert.equal(passportParts.examine(folder).whole, true);
});

test('a power cut after everything was moved aside leaves that to be kept, and nothing of it is overwritten later', async (t) => {
  const { file } = await makeOne(t);
  const folder = await tempDir(t);
  await mkdir(join(folder, 'before-passport.tmp/tls'), { recursive: true });
  await writeFile(join(folder, 'before-passport.tmp/tls/key.pem'), 'of the first\n');
  for (const nowMs of [0, 1_000]) {
    await prepareArrival({ file, passphrase, dataDir: folder, instance }, passportParts);
    assert.equal(await settleArrival(folder, nowMs), true);
    await mkdir(join(folder, 'tls'));
    await writeFile(join(folder, 'tls/key.pem'), 'of the second\n');
  }
  const [first, second] = (await readdir(folder)).filter((name) => name.startsWith('before-passport')).toSorted();
  assert.equal(await readFile(join(folder, first ?? '', 'tls/key.pem'), 'utf8'), 'of the first\n');
  assert.equal(await readFile(join(folder, second ?? '', 'tls/key.pem'), 'utf8'), 'of the second\n');
  assert.equal(passportParts.examine(folder).whole, true);
});

test('what waits for root of the machine does not travel, and stays behind where a passport holds it', async (t) => {
  const [dataDir, other, out] = [await tempDir(t), await tempDir(t), join(await tempDir(t), 'p')];
  await mkdir(join(dataDir, 'update/incoming'), { recursive: true });
  await writeFile(join(dataDir, 'update/wanted'), 'back');
  await writeFile(join(dataDir, 'update/incoming/SHA256SUMS'), 'of a release');
  await open(t, dataDir);
  const pathsOf = async (parts: PassportParts) =>
    (await makePassport({ ...orderFor(dataDir), out }, parts)).manifest.files.map(({ path }) => path);
  assert.deepEqual(await pathsOf(passportParts), ['data/portcullis.db']);

  const taking = (from: string, into: string): void => {
    passportParts.snapshot(from, into);
    cpSync(join(from, 'update'), join(into, 'update'), { recursive: true });
  };
  assert.ok((await pathsOf({ ...passportParts, snapshot: taking })).includes('data/update/wanted'));
  await prepareArrival({ file: out, passphrase, dataDir: other, instance }, passportParts);
  await settleArrival(other, 0);
  assert.equal(passportParts.examine(other).whole, true);
  assert.ok(!existsSync(join(other, 'update')));
});

test('where the files that it takes along do not fit twice, a passport is not begun', async (t) => {
  const disk = smallDisk(t, 100);
  if (disk === undefined) return;
  const dataDir = join(disk, 'data');
  const buffer = await open(t, dataDir);
  await buffer[Symbol.asyncDispose]();
  const make = (parts: PassportParts) => makePassport({ ...orderFor(dataDir), out: join(disk, 'p') }, parts);
  await make(passportParts);
  await writeFile(join(dataDir, 'map.png'), Buffer.alloc(16 * 1024 ** 2));
  await assert.rejects(make({ ...passportParts, snapshot: () => assert.fail('it began') }), { code: 'DISK_FULL' });
});

/** Where the text of the header ends. */
const headerOf = (file: Buffer): number => file.indexOf('\n', file.indexOf('\n--- ') + 1) + 1;
