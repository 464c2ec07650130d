import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { atomicWrite } from '../../../gateway/lib/atomic-write.ts';

test('a file is replaced whole, private, and leaves nothing beside it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'secret');
  await atomicWrite(path, 'old');
  await atomicWrite(path, 'new');
  assert.equal(await readFile(path, 'utf8'), 'new');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(folder), ['secret']);
});

test('a write that fails leaves the old content and nothing beside it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'kept');
  await atomicWrite(path, 'old');
  await assert.rejects(atomicWrite(path, 5 as unknown as string));
  assert.equal(await readFile(path, 'utf8'), 'old');
  assert.deepEqual(await readdir(folder), ['kept']);
});

test('a folder of that name stays, with nothing beside it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-'));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'there'));
  await assert.rejects(atomicWrite(join(folder, 'there'), 'new'), { code: 'EISDIR' });
  assert.deepEqual(await readdir(folder), ['there']);
});
