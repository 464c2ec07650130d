import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Ingest, NewDeadLetter } from '../../../contracts/pipeline.ts';
import type { Envelope } from '../../../contracts/plugin.ts';
import { openLetterReplay } from '../../../gateway/api/letter-replay.ts';
import { entry, measurement, open, tempDir } from '../buffer/buffer-fixture.ts';

const payload = Buffer.from(JSON.stringify({ text: 'x'.repeat(3_000) }));

const letter = (topic: string, more: Partial<NewDeadLetter> = {}): NewDeadLetter => ({
  device: 'plugin:acme',
  plugin: 'acme',
  topic,
  code: 'decode-failed',
  detail: 'why',
  sample: payload.subarray(0, 1_024),
  receivedAt: 5_000,
  origin: { transport: 'mqtt', client: 'c1', retain: true, plugin: 'acme', rest: payload.subarray(1_024) },
  ...more,
});

/** A real buffer with letters in it, and an ingest that stores what it is given as one record. */
async function site(t: TestContext, ...letters: NewDeadLetter[]) {
  const buffer = await open(t, await tempDir(t));
  await buffer.append({ ...entry(), deadLetters: letters });
  const taken: Envelope[] = [];
  const ingest: Ingest = async (envelope, alongside = []) => {
    if (envelope.topic === 'broken') throw new Error('no commit');
    taken.push(envelope);
    await buffer.append({ ...entry(measurement('a', taken.length)), writes: alongside });
    return { stored: 1, filtered: 0, deadLettered: 0 };
  };
  const replay = openLetterReplay({ ingest, store: buffer, wallMs: () => 9_000 });
  const marks = async () => {
    const all = await buffer.deadLetters({ limit: 100 });
    return Object.fromEntries(all.map(({ topic, replayedAt }) => [topic, replayedAt]));
  };
  return { buffer, taken, replay, marks };
}

test('a dead letter is taken again as it came, once, and the ledger balances', async (t) => {
  const { buffer, taken, replay, marks } = await site(t, letter('t'), letter('cut', { origin: undefined }));
  assert.deepEqual(await replay.run({}), { taken: 1, stored: 1, filtered: 0, refusedAgain: 0, more: false });
  const { payload: came, ...head } = taken[0] ?? {};
  assert.deepEqual(Buffer.from(came ?? []), payload);
  assert.deepEqual(head, {
    transport: 'mqtt',
    client: 'c1',
    retain: true,
    plugin: 'acme',
    topic: 't',
    receivedAt: 5_000,
  });
  assert.deepEqual(await marks(), { t: 9_000, cut: null });
  assert.equal((await replay.run({})).taken, 0);
  const { balanced, sinks } = await buffer.ledger();
  assert.deepEqual([balanced, sinks[0]?.accepted, sinks[0]?.deadLettered, sinks[0]?.buffered], [true, 3, 2, 1]);
});

test('several refusals of one message are over together', async (t) => {
  const second = letter('t', { code: 'no-unit', origin: undefined });
  const { replay, buffer } = await site(t, letter('t'), second, letter('t', { receivedAt: 6_000, origin: undefined }));
  await replay.run({});
  const all = await buffer.deadLetters({ limit: 10, after: 0 });
  assert.deepEqual(
    all.map(({ replayedAt }) => replayedAt),
    [9_000, 9_000, null],
  );
});

test('a choice is kept to, and what was not committed is not marked', async (t) => {
  const { replay, marks, buffer } = await site(
    t,
    letter('one'),
    letter('two', { code: 'no-unit' }),
    letter('three', { plugin: 'other' }),
    letter('broken', { device: 'b' }),
  );
  assert.equal((await replay.run({ code: 'no-unit' })).taken, 1);
  await assert.rejects(replay.run({ device: 'b' }), /no commit/);
  assert.deepEqual(await marks(), { one: null, two: 9_000, three: null, broken: null });
  const [first] = await buffer.read('buffer.groups', []);
  assert.deepEqual(
    { ...first },
    { sink: '', plugin: 'acme', code: 'decode-failed', n: 2, replayable: 2, replayed: 0, newest: 5_000 },
  );
});

test('a second replay while one runs is refused', async (t) => {
  const { replay } = await site(t, letter('t'));
  const first = replay.run({});
  await assert.rejects(replay.run({}), { code: 'CONFLICT' });
  assert.equal((await first).taken, 1);
});
