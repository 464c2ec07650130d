import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultSteps } from '../../../gateway/preprocess/options.ts';
import { envelope, memoryBuffer, openStage } from './stage.ts';
import type { MemoryBuffer } from './stage.ts';

const start = Date.UTC(2026, 6, 1, 12);
const energy = (value: number, atMs: number) => {
  const metrics = [{ n: 'energy.import', key: 'e', value, unit: 'Wh', counter: 'total_increasing' }];
  return envelope('house/plug', { metrics }, { receivedAt: start + atMs });
};
const starts = ({ entries }: MemoryBuffer) =>
  entries.flatMap(({ measurements }) => measurements.map(({ m }) => (m[0]?.st ?? 0) - start));

test('a counter that was reset while the gateway was down begins a new series', async (t) => {
  const buffer = memoryBuffer(t);
  const steps = { ...defaultSteps, counterSaveMs: 0 };
  const first = await openStage(buffer, { steps });
  await first.ingest(energy(100, 0));
  await first.ingest(energy(500, 1_000));
  const second = await openStage(buffer, { steps });
  await second.ingest(energy(200, 2_000));
  await second.ingest(energy(210, 3_000));
  assert.deepEqual(starts(buffer), [0, 0, 2_000, 2_000]);
});

test('a running series costs no write with each message, and a clean end saves its last value', async (t) => {
  const buffer = memoryBuffer(t);
  const first = await openStage(buffer);
  for (let n = 0; n < 5; n++) await first.ingest(energy(100 + n, n));
  assert.deepEqual(
    buffer.entries.map(({ writes }) => writes.length),
    [1, 0, 0, 0, 0],
  );
  await first[Symbol.asyncDispose]();
  const [row] = await buffer.store.read('ingest.series', []);
  assert.deepEqual({ ...row }, { device: 'house:plug', metric: 'energy.import', start, last: 104 });
  const second = await openStage(buffer);
  await second.ingest(energy(150, 100));
  assert.deepEqual(starts(buffer).at(-1), 0);
});

test('counters of devices that are forgotten leave the disk too', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer, { steps: { ...defaultSteps, maxDevices: 4 } });
  for (let n = 0; n < 20; n++) {
    const metrics = [{ n: 'energy.import', key: 'e', value: 1, unit: 'Wh', counter: 'total_increasing' }];
    await stage.ingest(envelope(`house/plug${n}`, { metrics }));
  }
  assert.ok((await buffer.store.read('ingest.series', [])).length <= 6);
});

test('a device that is forgotten leaves no counter and no window, also not at a clean end', async (t) => {
  const buffer = memoryBuffer(t);
  const steps = { ...defaultSteps, rollup: { humidity: { windowMs: 60_000 } } };
  const stage = await openStage(buffer, { steps });
  for (let n = 0; n < 3; n++) await stage.ingest(energy(100 + n, n));
  await stage.ingest(envelope('house/plug', { values: { humidity: 4 } }));
  assert.equal((await buffer.store.read('ingest.windows', [])).length, 1);
  await stage.forget('house:plug');
  await stage[Symbol.asyncDispose]();
  assert.deepEqual(await buffer.store.read('ingest.series', []), []);
  assert.deepEqual(await buffer.store.read('ingest.windows', []), []);
});
