import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openedCell, planOf, source } from '../cells/plugins.ts';
import { envelope, memoryBuffer, openStage } from './stage.ts';

const decode = `
  const sent = JSON.parse(new TextDecoder().decode(envelope.payload));
  if (sent.hang) for (;;);
  return [{ device: 'probe:a', kind: 'telemetry', metrics: [{ n: 'humidity', key: 'h', value: sent.value, unit: '%' }],
    meta: { known: [...knowledge.keys()].join() } }];`;
const more = `teaches: ['probe/teach'], learn: () => [{ key: 'lesson', value: 1 }], claims: (k) => (k.size > 0 ? ['strange/topic'] : []),`;

async function open(t: TestContext) {
  const buffer = memoryBuffer(t);
  const cell = await openedCell(await planOf(t, source({ decode, more }), { limits: { callMs: 500 } }));
  buffer.closing.use(cell);
  return { buffer, stage: await openStage(buffer, { cells: [cell] }) };
}

test('a message that hangs its cell becomes a dead letter, and nobody else waits for it', async (t) => {
  const { buffer, stage } = await open(t);
  let isBack = false;
  const poison = stage.ingest(envelope('probe/a', { hang: true })).finally(() => {
    isBack = true;
  });
  const behind = stage.ingest(envelope('probe/a', { value: 5 }));
  for (let i = 0; i < 5; i++) {
    assert.equal((await stage.ingest(envelope('house/lamp', { values: { humidity: i } }))).stored, 1);
  }
  assert.equal(isBack, false);
  assert.deepEqual(await poison, { stored: 0, filtered: 0, deadLettered: 1 });
  assert.equal((await behind).stored, 1);
  assert.deepEqual(
    buffer.entries.flatMap(({ deadLetters }) => deadLetters.map(({ code, plugin }) => `${plugin} ${code}`)),
    ['probe decode-hung'],
  );
});

test('what a cell learnt is stored, routes its topics and comes back with the next process', async (t) => {
  const { buffer, stage } = await open(t);
  await stage.ingest(envelope('probe/teach', { value: 1 }));
  const rows = await buffer.store.read('ingest.knowledge', []);
  assert.deepEqual(
    rows.map(({ plugin, key, json }) => [plugin, key, json]),
    [['probe', 'lesson', '1']],
  );
  await stage.ingest(envelope('probe/a', { hang: true }));
  assert.equal((await stage.ingest(envelope('strange/topic', { value: 2 }))).stored, 1);
  const last = buffer.entries.at(-1)?.measurements[0];
  assert.deepEqual(last && 'meta' in last ? last.meta : undefined, { known: 'lesson' });
});

test('a device whose plugin runs in a cell has the place that the registry says', async (t) => {
  const { buffer, stage } = await open(t);
  stage.locate([{ device: 'probe:a', place: { building: 'Mill' } }]);
  await stage.ingest(envelope('probe/a', { value: 5 }));
  stage.locate([{ device: 'probe:a', place: undefined }]);
  await stage.ingest(envelope('probe/a', { value: 6 }));
  assert.deepEqual(
    buffer.entries.flatMap(({ measurements }) => measurements.map(({ place }) => place)),
    [{ site: 'home', building: 'Mill' }, { site: 'home' }],
  );
});
