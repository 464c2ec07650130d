import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openDatabase } from '../../../gateway/buffer/database.ts';
import { openDeadLetters, queryDeadLetters } from '../../../gateway/buffer/dead-letters.ts';
import { bufferSet, migrate } from '../../../gateway/buffer/schema.ts';
import { tempDir } from './buffer-fixture.ts';

async function openTable(t: TestContext) {
  const db = openDatabase(join(await tempDir(t), 'letters.db'), { synchronous: 'FULL', fileBytes: 64 * 1024 * 1024 });
  t.after(() => db.close());
  migrate(db, [bufferSet]);
  return db;
}

const letter = (topic: string, sample: number) => ({
  sink: '',
  device: 'a',
  plugin: 'p',
  topic,
  code: 'decode-failed',
  detail: 'why',
  receivedAt: 1,
  lsn: null,
  sample: new Uint8Array(sample),
});

test('dead letters stay within their room: the oldest go first, and how many went is told', async (t) => {
  const db = await openTable(t);
  const letters = openDeadLetters(db, 5_000);
  for (let n = 0; n < 10; n++) letters.add(letter(`t/${n}`, 1_000));
  const before = letters.bytes;
  const dropped = letters.trim();
  const left = queryDeadLetters(db, { limit: 100 });
  assert.ok(before > 5_000 && letters.bytes <= 5_000);
  assert.equal(left.length + dropped, 10);
  assert.deepEqual(
    left.map(({ topic }) => topic),
    ['t/9', 't/8', 't/7', 't/6'].slice(0, left.length),
  );
  assert.equal(letters.trim(), 0);
});

test('the room in use is known after a restart and after a transaction that was rolled back', async (t) => {
  const db = await openTable(t);
  const letters = openDeadLetters(db, 1e6);
  letters.add(letter('t/kept', 100));
  const { bytes } = letters;
  db.exec('BEGIN');
  letters.add(letter('t/gone', 100));
  db.exec('ROLLBACK');
  letters.recount();
  assert.equal(letters.bytes, bytes);
  assert.equal(openDeadLetters(db, 1e6).bytes, bytes);
});

test('a sample is cut to 1 KiB', async (t) => {
  const db = await openTable(t);
  openDeadLetters(db, 1e6).add(letter('t', 5_000));
  assert.equal(queryDeadLetters(db, { limit: 1 })[0]?.sample.length, 1_024);
});

test('the letters of one device can be forgotten, and their room is free again', async (t) => {
  const db = await openTable(t);
  const letters = openDeadLetters(db, 1e6);
  letters.add({ ...letter('t/a', 100), device: 'kept' });
  const { bytes } = letters;
  letters.add({ ...letter('t/b', 100), device: 'gone' });
  letters.forget('gone');
  assert.deepEqual(
    queryDeadLetters(db, { limit: 10 }).map(({ device }) => device),
    ['kept'],
  );
  assert.equal(letters.bytes, bytes);
});
