import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import type { Envelope } from '../../../contracts/plugin.ts';
import { defaultSteps } from '../../../gateway/preprocess/options.ts';
import type { IngestStage } from '../../../gateway/preprocess/ingest.ts';
import { envelope, memoryBuffer, openStage } from './stage.ts';

const start = Date.UTC(2026, 6, 1, 12);
/** Time stands still for the steps: what they do must depend on the order alone. */
const clock = { wallMs: () => start, monoMs: () => 0 };
const apartMs = 84_000;
/** Windows so long that the timer which closes those of silent devices (a tenth of them, of real time) never comes. */
const windowMs = 600_000;
const steps = {
  ...defaultSteps,
  dedupeMs: 120_000,
  deadband: { humidity: { absolute: 1, maxSilenceMs: 7_200_000 } },
  rollup: { power: { windowMs } },
  counterSaveMs: 0,
};

const message = fc.record({
  device: fc.constantFrom('a', 'b', 'c'),
  temperature: fc.integer({ min: 20, max: 22 }),
  humidity: fc.integer({ min: 40, max: 44 }),
  power: fc.integer({ min: 0, max: 100 }),
  energy: fc.integer({ min: 0, max: 30 }),
  spinMs: fc.constantFrom(0, 0, 0, 1, 3),
});
type Sent = typeof message extends fc.Arbitrary<infer Value> ? Value : never;

const envelopeOf = ({ device, energy, spinMs, ...values }: Sent, index: number, spin: boolean): Envelope => {
  const metrics = [{ n: 'energy.import', key: 'e', value: energy, unit: 'Wh', counter: 'total_increasing' }];
  const at = { receivedAt: start + index * apartMs };
  return envelope(`house/${device}`, { values, metrics, ...(spin ? { ms: spinMs } : {}) }, at);
};

async function outcomeOf(t: TestContext, run: (stage: IngestStage) => Promise<unknown>, threads: number) {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer, { threads, steps, clock, batch: { envelopes: 3, bytes: 4_096 } });
  await run(stage);
  const series = await buffer.store.read('ingest.series', []);
  const windows = await buffer.store.read('ingest.windows', []);
  await stage[Symbol.asyncDispose]();
  return { entries: buffer.entries, series, windows };
}

test('tasks finish in any order, and results and state are those of one thread, message by message', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 20, maxLength: 60 }), async (sent) => {
      const shuffled = await outcomeOf(
        t,
        (stage) => Promise.all(sent.map((one, index) => stage.ingest(envelopeOf(one, index, true)))),
        3,
      );
      const sequential = await outcomeOf(
        t,
        async (stage) => {
          for (const [index, one] of sent.entries()) await stage.ingest(envelopeOf(one, index, false));
        },
        1,
      );
      assert.deepEqual(shuffled, sequential);
    }),
    { numRuns: 4, endOnFailure: true },
  );
});

test('counters never go backwards within a series', async (t) => {
  const energies = [5, 9, 9.5, 9.2, 1, 3, 0, 2];
  const { entries } = await outcomeOf(
    t,
    async (stage) => {
      for (const [index, energy] of energies.entries()) {
        const one = {
          device: 'a' as const,
          temperature: index,
          humidity: 40 + 3 * index,
          power: index,
          energy,
          spinMs: 0 as const,
        };
        await stage.ingest(envelopeOf(one, index, false));
      }
    },
    1,
  );
  const counted = entries.flatMap(({ measurements }) =>
    measurements.flatMap(({ m }) => m.filter(({ n }) => n === 'energy.import').map(({ v, st, q }) => [v ?? q, st])),
  );
  const [first, second, third] = [start, start + 4 * apartMs, start + 6 * apartMs];
  assert.deepEqual(counted, [
    [5, first],
    [9, first],
    [9.5, first],
    ['out_of_range', first],
    [1, second],
    [3, second],
    [0, third],
    [2, third],
  ]);
});
