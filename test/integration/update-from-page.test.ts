import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { openUpdateDesk } from '../../gateway/update/desk.ts';
import { Slots } from '../../gateway/update/slots.ts';
import { noteEnd, takeWanted } from '../../gateway/update/wanted.ts';

const arch = { x64: 'amd64', arm64: 'arm64', arm: 'armhf' }[process.arch as 'x64'];
const tarball = `portcullis-2.0.0-linux-${arch}.tar.xz`;

/** A board that runs 1.0.0, and a signed release 2.0.0 as an upload has it. */
function board(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-page-update-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [root, keys, dataDir] = ['opt', 'keys', 'data'].map((name) => join(folder, name)) as [string, string, string];
  mkdirSync(join(root, 'releases/1.0.0'), { recursive: true });
  mkdirSync(keys);
  mkdirSync(dataDir);
  symlinkSync('releases/1.0.0', join(root, 'current'));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(join(keys, 'maker.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  const content = Buffer.alloc(3_000, 'release');
  const sums = Buffer.from(`${createHash('sha256').update(content).digest('hex')}  ${tarball}\n`);
  const files = {
    SHA256SUMS: sums,
    'SHA256SUMS.sig': sign(null, sums, privateKey).toString('base64'),
    [tarball]: content,
  };
  const slots = new Slots(root);
  const machine = { unpack: (from: string, into: string) => copyFile(from, join(into, 'unpacked')) };
  const desk = openUpdateDesk(dataDir, root);
  const send = (name: string, offset: number, part: Buffer | string) =>
    desk.receive({ name, offset }, Readable.from([Buffer.from(part)]));
  const take = () => takeWanted(join(dataDir, 'update'), { root, keys, slots, machine });
  return { root, dataDir, files, content, slots, desk, send, take };
}

test('a release comes in parts, is verified where only root writes, begins its trial, and the way back is kept', async (t) => {
  const { root, dataDir, files, content, slots, desk, send, take } = board(t);
  assert.deepEqual(await desk.state(), { hasSlots: true, current: '1.0.0', kept: [], isWanted: false });
  await assert.rejects(desk.want('back'), { code: 'COMMAND_INVALID' });
  assert.equal(await take(), undefined);
  for (const name of ['SHA256SUMS', 'SHA256SUMS.sig']) await send(name, 0, files[name] ?? '');
  await send(tarball, 0, content.subarray(0, 1_000));
  await assert.rejects(send(tarball, 2_000, content.subarray(2_000)), { code: 'CONFLICT' });
  assert.deepEqual(await send(tarball, 1_000, content.subarray(1_000)), { bytes: 3_000 });
  await desk.want('apply');
  await assert.rejects(desk.want('apply'), { code: 'CONFLICT' });
  assert.equal(await take(), '2.0.0');
  assert.equal(await slots.current(), '2.0.0');
  assert.ok(existsSync(join(root, 'releases/2.0.0/unpacked')));
  assert.ok(!existsSync(join(root, 'incoming')) && !existsSync(join(dataDir, 'update/incoming')));
  const trying = await desk.state();
  assert.deepEqual(
    [trying.current, trying.kept, trying.trial?.from, trying.isWanted],
    ['2.0.0', ['1.0.0'], '1.0.0', false],
  );
  await slots.endTrial();
  await desk.want('back');
  assert.equal(await take(), '1.0.0');
  assert.equal(await slots.current(), '1.0.0');
  await noteEnd(root, 7, '1.0.0 runs and is well.');
  assert.deepEqual((await desk.state()).last, { at: 7, said: '1.0.0 runs and is well.' });
});

test('what is no release, is not signed, or is a link in its place changes nothing', async (t) => {
  const { dataDir, files, slots, desk, send, take } = board(t);
  await assert.rejects(send('../../etc/passwd', 0, 'x'), { code: 'COMMAND_INVALID' });
  for (const [name, part] of Object.entries(files)) await send(name, 0, name === 'SHA256SUMS.sig' ? 'AAAA' : part);
  await desk.want('apply');
  await assert.rejects(take(), { code: 'RELEASE_REFUSED', message: /signed this release/ });
  assert.equal((await desk.state()).isWanted, false);
  for (const [name, part] of Object.entries(files)) await send(name, 0, part);
  const file = join(dataDir, 'update/incoming', tarball);
  rmSync(file);
  symlinkSync('/etc/hostname', file);
  await desk.want('apply');
  await assert.rejects(take(), { code: 'RELEASE_REFUSED', message: /no plain file/ });
  assert.equal(await slots.current(), '1.0.0');
  assert.deepEqual(readdirSync(join(dataDir, 'update')), []);
});

test('a machine without releases beside each other says so', async () => {
  const desk = openUpdateDesk('/nowhere', '/nowhere');
  assert.equal((await desk.state()).hasSlots, false);
  await assert.rejects(desk.want('apply'), { code: 'COMMAND_INVALID' });
});
