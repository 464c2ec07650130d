import assert from 'node:assert/strict';
import { test } from 'node:test';
import { envelope, memoryBuffer, openStage } from './stage.ts';

for (const [misfortune, code] of [
  ['exit', 'decode-crashed'],
  ['heap', 'decode-crashed'],
  ['hang', 'decode-hung'],
] as const) {
  test(`a message that makes its thread ${misfortune} costs only itself`, async (t) => {
    const buffer = memoryBuffer(t);
    const stage = await openStage(buffer, {
      envelopeDeadlineMs: misfortune === 'hang' ? 300 : 10_000,
      threadHeapMb: 24,
    });
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        stage.ingest(envelope('house/lamp', n === 17 ? { do: misfortune } : { values: { sequence: n } })),
      ),
    );
    assert.deepEqual(
      outcomes.flatMap(({ deadLettered }, n) => (deadLettered === 1 ? [n] : [])),
      [17],
    );
    const stored = buffer.entries.flatMap(({ measurements }) => measurements.map(({ m }) => m[0]?.v));
    const expected = Array.from({ length: 40 }, (_, n) => n).filter((n) => n !== 17);
    assert.deepEqual(stored, expected, 'the others are stored once, in order');
    const letters = buffer.entries.flatMap(({ deadLetters }) => deadLetters);
    assert.deepEqual(
      letters.map((letter) => letter.code),
      [code],
    );
    assert.ok(stage.stats().threadsReplaced >= 3, 'it was tried three times');
    assert.equal((await stage.ingest(envelope('house/lamp', { values: { after: 1 } }))).stored, 1);
  });
}

test('two poisonous messages in one batch are both found', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer, { threads: 2 });
  const outcomes = await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      stage.ingest(envelope('house/lamp', n === 0 || n === 11 ? { do: 'exit' } : { values: { sequence: n } })),
    ),
  );
  assert.deepEqual(
    outcomes.map(({ deadLettered }) => deadLettered),
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  );
});

test('a thread that was replaced knows what the one before it had learnt', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer);
  await stage.ingest(envelope('house/units/temperature', '°F'));
  await stage.ingest(envelope('house/lamp', { do: 'exit' }));
  await stage.ingest(envelope('house/lamp', { values: { temperature: 32 } }));
  assert.deepEqual(buffer.entries.at(-1)?.measurements[0]?.m, [
    { n: 'temperature', v: 0, u: 'Cel', raw: 32, ru: '°F' },
  ]);
});
