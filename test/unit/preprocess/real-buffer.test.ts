import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TableSet } from '../../../contracts/table-set.ts';
import { openBuffer } from '../../../gateway/buffer/buffer.ts';
import type { Buffer } from '../../../gateway/buffer/buffer.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';
import { openIngest } from '../../../gateway/preprocess/ingest.ts';
import type { IngestStage } from '../../../gateway/preprocess/ingest.ts';
import { ingestTables } from '../../../gateway/preprocess/ingest-tables.ts';
import { defaultSteps, ingestDefaults } from '../../../gateway/preprocess/options.ts';
import { envelope, housePlugin } from './stage.ts';

const log = pino({ level: 'silent' });
const start = Date.UTC(2026, 6, 1, 12);

async function openBoth(
  t: TestContext,
  dataDir: string,
  { tables = [], answerTimeoutMs = 30_000 }: { tables?: readonly TableSet[]; answerTimeoutMs?: number } = {},
): Promise<{ buffer: Buffer; stage: IngestStage }> {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const options = { dataDir, gateway: 'gw', sinks: ['cloud'], tables: [ingestTables, ...tables], answerTimeoutMs };
  const buffer = stack.use(await openBuffer(options, { log, clock: systemClock }));
  const stage = stack.use(
    await openIngest(
      {
        ...ingestDefaults,
        plugins: [{ name: 'house', entry: housePlugin, config: {} }],
        site: { timeZone: 'UTC', rooms: {} },
        steps: { ...defaultSteps, dedupeMs: 60_000, rollup: { power: { windowMs: 60_000 } } },
      },
      { append: buffer.append, store: buffer, log, clock: systemClock },
    ),
  );
  return { buffer, stage };
}

test('measurements, knowledge, windows and counters are in the buffer’s own file, and there after a restart', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'ingest-'));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const energy = (value: number) => [{ n: 'energy.import', key: 'e', value, unit: 'Wh', counter: 'total_increasing' }];
  const at = (ms: number) => ({ receivedAt: start + ms });

  const first = await openBoth(t, dataDir);
  await first.stage.ingest(envelope('house/units/temperature', '°F'));
  await first.stage.ingest(envelope('house/plug', { values: { power: 10 }, metrics: energy(500) }, at(0)));
  await first.stage.ingest(envelope('house/plug', 'no json', at(1_000)));
  await first.stage[Symbol.asyncDispose]();
  await first.buffer[Symbol.asyncDispose]();

  const { stage, buffer } = await openBoth(t, dataDir);
  await stage.ingest(
    envelope('house/plug', { values: { power: 20, temperature: 32 }, metrics: energy(501) }, at(2_000)),
  );
  await stage.ingest(envelope('house/plug', { values: { power: 30 }, metrics: energy(3) }, at(60_000)));
  const batch = await buffer.claim({ sink: 'cloud', lane: 'normal', records: 10, bytes: 100_000 });
  const metrics = batch?.items.map(({ message }) =>
    message.m.map(({ n, v, st }) => [n, v, ...(st ? [st - start] : [])]),
  );
  assert.deepEqual(metrics, [
    [['energy.import', 500, 0]],
    [
      ['temperature', 0],
      ['energy.import', 501, 0],
    ],
    [
      ['power.min', 10],
      ['power.max', 20],
      ['power.mean', 15],
      ['power.count', 2],
    ],
    [['energy.import', 3, 60_000]],
  ]);
  assert.equal((await buffer.deadLetters({ limit: 10 })).length, 1);
});

const slow: TableSet = {
  name: 'slow',
  migrations: [],
  statements: {
    spin: 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT count(*) AS n FROM n',
  },
};

test('a repetition of a message whose commit fails is not acknowledged while that message is nowhere', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'ingest-'));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const { stage, buffer } = await openBoth(t, dataDir, { tables: [slow], answerTimeoutMs: 500 });
  const say = () => stage.ingest(envelope('house/lamp', { values: { humidity: 40 } }));
  const stuck = assert.rejects(buffer.read('slow.spin', [4_000_000]), { code: 'STORE_FAILED' });
  const first = assert.rejects(say(), { code: 'STORE_FAILED' });
  const areWithBuffer = async () => {
    while (stage.stats().queued + stage.stats().batches > 0) await sleep(1);
  };
  await areWithBuffer();
  const again = say().catch(() => say());
  await areWithBuffer();
  await Promise.all([stuck, first, again]);
  const batch = await buffer.claim({ sink: 'cloud', lane: 'normal', records: 10, bytes: 100_000 });
  assert.deepEqual(
    batch?.items.map(({ message }) => message.m[0]?.v),
    [40],
  );
});
