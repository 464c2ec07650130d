import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { installVersion, listVersions, rollBack } from '../../../gateway/preflight/versions.ts';
import { tempDir } from '../buffer/buffer-fixture.ts';

const optionsOf = (dir: string) => ({
  dir,
  name: 'acme',
  versionOf: (bytes: Uint8Array) => Buffer.from(bytes).toString(),
});
const bundle = (version: string): Uint8Array => new Uint8Array(Buffer.from(version));
const active = (dir: string): Promise<string> => readFile(join(dir, 'acme.plugin.tgz'), 'utf8');

test('the version before is kept, one command goes back, and nothing older stays', async (t) => {
  const dir = await tempDir(t);
  const options = optionsOf(dir);
  for (const version of ['1', '2', '3']) await installVersion(bundle(version), options);
  assert.equal(await active(dir), '3');
  assert.deepEqual(
    (await listVersions(options)).kept.map(({ version }) => version),
    ['3', '2'],
  );
  const { from, to } = await rollBack(options, { shipped: false });
  assert.deepEqual([from.version, to === 'shipped' ? to : to.version], ['3', '2']);
  assert.equal(await active(dir), '2');
  await assert.rejects(rollBack(options, { shipped: false }), { code: 'NOT_FOUND' });
  await installVersion(bundle('3'), options);
  assert.equal(await active(dir), '3');
  assert.equal((await readdir(join(dir, '.versions/acme'))).length, 3);
});

test('before the first version stands the shipped one', async (t) => {
  const dir = await tempDir(t);
  await assert.rejects(rollBack(optionsOf(dir), { shipped: true }), { code: 'NOT_FOUND' });
  await installVersion(bundle('1'), optionsOf(dir));
  assert.equal((await rollBack(optionsOf(dir), { shipped: true })).to, 'shipped');
  assert.deepEqual(await readdir(dir), ['.versions']);
});

test('a bundle that was dropped by hand, with its version in the name, is the version before', async (t) => {
  const dir = await tempDir(t);
  await writeFile(join(dir, 'acme-1.0.0.plugin.tgz'), '1');
  assert.equal((await listVersions(optionsOf(dir))).active?.version, '1');
  await installVersion(bundle('2'), optionsOf(dir));
  assert.deepEqual((await readdir(dir)).toSorted(), ['.versions', 'acme.plugin.tgz']);
  await rollBack(optionsOf(dir), { shipped: false });
  assert.equal(await active(dir), '1');
});

test('what is switched on, ambiguous or a folder is not replaced', async (t) => {
  const dir = await tempDir(t);
  await installVersion(bundle('1'), optionsOf(dir));
  await assert.rejects(installVersion(bundle('1'), optionsOf(dir)), { code: 'USAGE' });
  await writeFile(join(dir, 'acme-2.0.0.plugin.tgz'), '2');
  await assert.rejects(installVersion(bundle('3'), optionsOf(dir)), { code: 'USAGE' });
  await mkdir(join(dir, 'other'));
  await assert.rejects(installVersion(bundle('1'), { ...optionsOf(dir), name: 'other' }), { code: 'USAGE' });
  assert.equal(await active(dir), '1');
});

test('a kept bundle that was changed is not switched on', async (t) => {
  const dir = await tempDir(t);
  await installVersion(bundle('1'), optionsOf(dir));
  await installVersion(bundle('2'), optionsOf(dir));
  const before = (await listVersions(optionsOf(dir))).kept[1]?.sha256;
  await writeFile(join(dir, `.versions/acme/${before}.plugin.tgz`), 'evil');
  await assert.rejects(rollBack(optionsOf(dir), { shipped: false }), { code: 'PLUGIN_TAMPERED' });
  assert.equal(await active(dir), '2');
});
