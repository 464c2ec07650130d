import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { peekBuffer } from '../../../gateway/buffer/peek.ts';
import { entry, measurement, open, tempDir } from './buffer-fixture.ts';

/** Names, sizes and times of change of what is in a folder. */
async function stateOf(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await stat(join(folder, name));
      return `${name} ${size} ${mtimeMs}`;
    }),
  );
}

test('a look at the database of a gateway that stopped leaves everything as it was, by no new file either', async (t) => {
  const folder = await tempDir(t);
  {
    await using buffer = await open(t, folder);
    await buffer.append(entry(measurement('a', 1)));
  }
  const before = await stateOf(folder);
  assert.equal(peekBuffer(folder), true);
  assert.deepEqual(await stateOf(folder), before);
  const file = join(folder, 'portcullis.db');
  await truncate(file, (await stat(file)).size - 4_096);
  assert.throws(() => peekBuffer(folder), { code: 'FILE_UNREADABLE' });
});

test('a look at the database of a gateway that runs leaves no file behind, and commits go on', async (t) => {
  const folder = await tempDir(t);
  const buffer = await open(t, folder);
  await buffer.append(entry(measurement('a', 1)));
  const before = await readdir(folder);
  assert.equal(peekBuffer(folder), true);
  assert.deepEqual(await readdir(folder), before);
  await buffer.append(entry(measurement('a', 2)));
});

test('no database, an empty file and what is none are told apart', async (t) => {
  const folder = await tempDir(t);
  assert.equal(peekBuffer(folder), false);
  assert.equal(peekBuffer(join(folder, 'gone')), false);
  const file = join(folder, 'portcullis.db');
  await writeFile(file, '');
  assert.equal(peekBuffer(folder), false);
  await writeFile(file, randomBytes(50_000));
  const unreadable = { code: 'FILE_UNREADABLE', message: /portcullis\.db cannot be read as a buffer\.$/ };
  assert.throws(() => peekBuffer(folder), unreadable);
  assert.deepEqual(await readdir(folder), ['portcullis.db']);
  await writeFile(`${file}-shm`, '');
  assert.throws(() => peekBuffer(folder), unreadable);
  await mkdir(join(folder, 'odd', 'portcullis.db'), { recursive: true });
  assert.throws(() => peekBuffer(join(folder, 'odd')), unreadable);
});
