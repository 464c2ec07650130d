import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageSchema } from '../../../contracts/message.ts';
import {
  accept,
  claim,
  drain,
  entry,
  handClock,
  keep,
  measurement,
  open,
  settleAll,
  tempDir,
  valuesOf,
} from './buffer-fixture.ts';

const notes = {
  name: 'notes',
  migrations: ['CREATE TABLE notes (name TEXT PRIMARY KEY, body BLOB) STRICT'],
  statements: { put: 'INSERT INTO notes VALUES (?, ?)', all: 'SELECT * FROM notes ORDER BY name' },
};

test('a claimed record is a valid message with its identity', async (t) => {
  const buffer = await open(t, await tempDir(t));
  await buffer.append(entry(measurement('a', 1), measurement('b', 2)));
  const batch = await claim(buffer);
  assert.deepEqual(valuesOf(batch), ['a 1', 'b 2']);
  for (const { message } of batch?.items ?? []) messageSchema.parse(message);
  assert.notEqual(batch?.items[0]?.message.id, batch?.items[1]?.message.id);
  assert.deepEqual(
    batch?.items.map(({ message }) => message.seq),
    [0, 1],
  );
});

test('a commit of long texts is in memory and in the file as it came', async (t) => {
  const dir = await tempDir(t);
  const first = await open(t, dir);
  const values = Array.from({ length: 300 }, (_, n) => `Küche ${n} 中 ${n}`);
  await first.append(entry(...values.map((_, n) => measurement(`Küche ${n} 中`, n))));
  await first.append(entry(measurement('b', 1)));
  assert.deepEqual(valuesOf(await claim(first, { records: 400 })), [...values, 'b 1']);
  await first[Symbol.asyncDispose]();
  assert.deepEqual(await drain(await open(t, dir)), [...values, 'b 1']);
});

test('records that were not settled come again after a restart, with the same id', async (t) => {
  const dir = await tempDir(t);
  const first = await open(t, dir);
  await first.append(entry(measurement('a', 1)));
  const before = await claim(first);
  await first[Symbol.asyncDispose]();
  const second = await open(t, dir);
  const after = await claim(second);
  assert.equal(after?.items[0]?.message.id, before?.items[0]?.message.id);
  assert.equal(after?.items[0]?.message.boot, before?.items[0]?.message.boot);
  assert.equal(before?.items[0]?.message.hist, false);
  assert.equal(after?.items[0]?.message.hist, true);
});

test('settled records never come again, even after a restart', async (t) => {
  const dir = await tempDir(t);
  const first = await open(t, dir);
  await first.append(entry(measurement('a', 1), measurement('a', 2)));
  await settleAll(first, await claim(first), accept);
  assert.equal(await claim(first), undefined);
  await first[Symbol.asyncDispose]();
  const second = await open(t, dir);
  assert.equal(await claim(second), undefined);
  const { balanced, sinks } = await second.ledger();
  assert.equal(balanced, true);
  assert.equal(sinks[0]?.delivered, 2);
});

test('alarms and events travel in the urgent lane', async (t) => {
  const buffer = await open(t, await tempDir(t));
  await buffer.append(entry(measurement('a', 1), measurement('a', 2, 'alarm'), measurement('a', 3, 'event')));
  assert.deepEqual(await drain(buffer, { lane: 'urgent' }), ['a 2', 'a 3']);
  assert.deepEqual(await drain(buffer), ['a 1']);
});

test('a record that waits ten seconds for its first claim is history', async (t) => {
  const clock = handClock();
  const buffer = await open(t, await tempDir(t), { clock });
  await buffer.append(entry(measurement('a', 1)));
  clock.jumpWall(-3_600_000);
  const early = await claim(buffer);
  assert.equal(early?.items[0]?.message.hist, false);
  await settleAll(buffer, early, keep);
  await buffer.append(entry(measurement('a', 2)));
  clock.advance(11_000);
  const late = await claim(buffer);
  assert.deepEqual(
    late?.items.map(({ message }) => message.hist),
    [false, true],
  );
});

test('rows of a table set are committed with the message or not at all', async (t) => {
  const dir = await tempDir(t);
  const buffer = await open(t, dir, { tables: [notes] });
  const put = (name: string) => ({ statement: 'notes.put', params: [name, new Uint8Array([1])] });
  await buffer.append({ ...entry(measurement('a', 1)), writes: [put('x')] });
  const [good, bad] = await Promise.allSettled([
    buffer.append({ ...entry(measurement('a', 2)), writes: [put('y')] }),
    buffer.append({ ...entry(measurement('a', 3)), writes: [put('x')] }),
  ]);
  assert.equal(good.status, 'fulfilled');
  assert.equal(bad.status === 'rejected' && (bad.reason as { code: string }).code, 'INTERNAL');
  assert.deepEqual(
    (await buffer.read('notes.all', [])).map((row) => row['name']),
    ['x', 'y'],
  );
  assert.deepEqual(await drain(buffer), ['a 1', 'a 2']);
});

test('a second opener of the same data folder is refused', async (t) => {
  const dir = await tempDir(t);
  await open(t, dir);
  await assert.rejects(open(t, dir), { code: 'DATA_DIR_LOCKED' });
});

test('the ledger accounts for filtered, refused, rejected, delivered and buffered records', async (t) => {
  const buffer = await open(t, await tempDir(t));
  await buffer.append({
    ...entry(measurement('a', 1), measurement('a', 2), measurement('a', 3)),
    filtered: [{ device: 'a', reason: 'deadband', count: 4 }],
    deadLetters: [
      {
        device: 'b',
        plugin: 'p',
        topic: 't',
        code: 'DECODE_FAILED',
        detail: 'no',
        sample: Buffer.from('x'),
        receivedAt: 1,
      },
    ],
  });
  const batch = await claim(buffer, { records: 2 });
  assert.ok(batch);
  await buffer.settle(batch, [accept, { is: 'reject', code: 'BAD', detail: 'the cloud says no' }]);
  await buffer.append(entry());
  const { balanced, sinks } = await buffer.ledger();
  assert.equal(balanced, true);
  const { accepted, delivered, buffered, filtered, deadLettered } = sinks[0] ?? {};
  assert.deepEqual(
    { accepted, delivered, buffered, filtered, deadLettered },
    { accepted: 8, delivered: 1, buffered: 1, filtered: 4, deadLettered: 2 },
  );
  assert.equal((await buffer.check()).ok, true);
  const letters = await buffer.deadLetters({ limit: 10, code: 'BAD' });
  assert.deepEqual(
    letters.map((letter) => [letter.sink, letter.device, letter.topic]),
    [['cloud', 'a', 't/a']],
  );
});
