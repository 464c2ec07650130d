import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import fc from 'fast-check';
import { PortcullisError } from '../../../contracts/errors.ts';
import { defaultSteps } from '../../../gateway/preprocess/options.ts';
import { absorb, rollupMeasurement, windowStart } from '../../../gateway/preprocess/rollup.ts';
import type { Window } from '../../../gateway/preprocess/rollup.ts';
import { envelope, memoryBuffer, openStage, withCode } from './stage.ts';
import type { MemoryBuffer } from './stage.ts';

const head = { dev: { id: 'a' }, src: { proto: 'house', topic: 'house/a' } };
const fresh = { start: 0, windowMs: 1_000, metric: { n: 'power', u: 'W' }, head };

test('a window holds least, greatest, mean and count of what it took in', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
      let window: Window | undefined;
      for (const value of values) window = absorb(window, value, fresh).window;
      assert.ok(window);
      const { m, ts } = rollupMeasurement(window, 5);
      const [min, max, mean, count] = m.map(({ v }) => v ?? Number.NaN);
      assert.equal(ts, 1_000);
      assert.equal(min, Math.min(...values));
      assert.equal(max, Math.max(...values));
      assert.equal(count, values.length);
      const sum = values.reduce((a, b) => a + b, 0);
      assert.ok(Math.abs((mean ?? 0) - sum / values.length) < 1e-6);
    }),
  );
});

test('a clock that jumps either way closes the window', () => {
  const open = absorb(undefined, 5, fresh).window;
  assert.equal(absorb(open, 6, { ...fresh, start: 1_000 }).closed, open);
  assert.equal(absorb(open, 6, { ...fresh, start: -5_000 }).closed, open);
  assert.equal(absorb(open, 6, fresh).closed, undefined);
  assert.equal(windowStart(-1, 1_000), -1_000);
});

const minute = 60_000;
const start = Date.UTC(2026, 6, 1, 12);
const steps = { ...defaultSteps, rollup: { power: { windowMs: minute } } };
const sample = (power: number, atMs: number) =>
  envelope('house/a', { metrics: [{ n: 'power', key: 'p', value: power }] }, { receivedAt: start + atMs });
const stored = ({ entries }: MemoryBuffer) =>
  entries.flatMap(({ measurements }) => measurements.map(({ m, ts }) => [ts - start, ...m.map(({ v }) => v)]));

test('a window that took in acknowledged values survives a kill', async (t) => {
  const buffer = memoryBuffer(t);
  const first = await openStage(buffer, { steps });
  const outcome = await first.ingest(sample(4, 1_000));
  assert.deepEqual(outcome, { stored: 0, filtered: 1, deadLettered: 0 });
  await first.ingest(sample(8, 2_000));
  // The first stage is left as a killed process leaves it: the second one knows the disk alone.
  const second = await openStage(buffer, { steps });
  await second.ingest(sample(6, 3_000));
  await second.ingest(sample(1, minute + 1));
  assert.deepEqual(stored(buffer), [[minute, 4, 8, 6, 3]]);
  assert.equal((await buffer.store.read('ingest.windows', [])).length, 1, 'the closed window is gone from the disk');
});

test('a value whose commit failed is in the window once when it comes again', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer, { steps });
  await stage.ingest(sample(4, 1_000));
  buffer.before = () => {
    throw new PortcullisError('STORE_FAILED', 'not now');
  };
  await assert.rejects(stage.ingest(sample(100, 2_000)), withCode('STORE_FAILED'));
  buffer.before = () => undefined;
  await stage.ingest(sample(100, 2_000));
  await stage.ingest(sample(1, minute + 1));
  assert.deepEqual(stored(buffer), [[minute, 4, 100, 52, 2]]);
});

test('the window of a device that fell silent closes by the clock', async (t) => {
  const buffer = memoryBuffer(t);
  let now = start;
  mock.timers.enable({ apis: ['setInterval'] });
  t.after(() => mock.timers.reset());
  const stage = await openStage(buffer, { steps, clock: { wallMs: () => now, monoMs: () => now } });
  await stage.ingest(sample(4, 1_000));
  mock.timers.tick(10_000);
  assert.deepEqual(stored(buffer), []);
  now = start + minute + 5_000;
  const committed = Promise.withResolvers<void>();
  buffer.before = () => committed.resolve();
  mock.timers.tick(10_000);
  await committed.promise;
  await new Promise(setImmediate);
  assert.deepEqual(stored(buffer), [[minute, 4, 4, 4, 1]]);
});

test('raw values are stored beside the roll-up when they are wanted', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer, {
    steps: { ...steps, rollup: { power: { windowMs: minute, keepRaw: true } } },
  });
  assert.equal((await stage.ingest(sample(4, 1_000))).stored, 1);
  assert.equal((await stage.ingest(sample(8, minute))).stored, 2);
});
