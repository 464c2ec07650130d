import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openBuffer, type Buffer } from '../../gateway/buffer/buffer.ts';
import type { BackoffPolicy } from '../../gateway/lib/backoff.ts';
import { startDeliveryLoop } from '../../gateway/delivery/delivery-loop.ts';
import { tuyaTables } from '../../gateway/delivery/tuya/tables.ts';
import { systemClock } from '../../gateway/lib/clock.ts';
import { entry, measurement, silent } from '../unit/buffer/buffer-fixture.ts';
import { openTuyaRig } from './tuya-rig.ts';

const backoff: BackoffPolicy = { firstMs: 20, ceilingMs: 100, floorMs: 5, stableMs: 60_000 };

async function setUp(t: TestContext, batch: boolean) {
  const dataDir = await mkdtemp(join(tmpdir(), 'delivery-from-buffer-'));
  const options = { dataDir, gateway: 'gw-test', sinks: ['tuya'], tables: [tuyaTables] };
  const buffer = await openBuffer(options, { log: silent, clock: systemClock });
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  t.after(() => buffer[Symbol.asyncDispose]());
  const rig = await openTuyaRig(t, { sink: { batch }, deps: { store: buffer } });
  const outages: string[] = [];
  const start = () =>
    startDeliveryLoop({
      sink: rig.sink,
      outlet: buffer,
      log: silent,
      clock: systemClock,
      backoff,
      onOutage: (_sink, change) => outages.push(change),
    });
  return { ...rig, buffer, outages, start };
}

async function delivered(buffer: Buffer, count: number): Promise<void> {
  const done = async (): Promise<number> =>
    (await buffer.ledger()).sinks.find((s) => s.sink === 'tuya')?.delivered ?? 0;
  for (let i = 0; i < 1_000 && (await done()) < count; i++) await sleep(10);
  assert.equal(await done(), count);
}

const fill = (buffer: Buffer, count: number, from = 0): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, (_, i) => buffer.append(entry(measurement(`d:${i % 9}`, from + i)))));

for (const batch of [false, true]) {
  test(`what was committed reaches the cloud once, through an outage${batch ? ', in batches' : ''}`, async (t) => {
    const { buffer, start, fault, clearFaults, received, outages } = await setUp(t, batch);
    await using loop = start();
    await fill(buffer, 200);
    await delivered(buffer, 200);
    await fault({ kind: 'refuse', forMs: 60_000 });
    await fill(buffer, 300, 200);
    while (!loop.status().outage) await sleep(5);
    await clearFaults();
    await delivered(buffer, 500);
    const rows = await received();
    assert.equal(rows.length, 500);
    assert.ok(rows.every((row) => row.effects === 1));
    assert.deepEqual(outages, ['started', 'ended']);
  });
}

test('after a stop in the middle, the next loop brings the rest, and nothing twice', async (t) => {
  const { buffer, start, received } = await setUp(t, false);
  await fill(buffer, 600);
  const first = start();
  while ((await received()).length < 100) await sleep(2);
  await first[Symbol.asyncDispose]();
  await using _second = start();
  await delivered(buffer, 600);
  const rows = await received();
  assert.equal(rows.length, 600);
  assert.ok(rows.every((row) => row.effects === 1));
});
