import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackoffPolicy } from '../../gateway/lib/backoff.ts';
import { startDeliveryLoop } from '../../gateway/delivery/delivery-loop.ts';
import { systemClock } from '../../gateway/lib/clock.ts';
import { MemoryOutlet } from '../unit/delivery/memory-outlet.ts';
import { openTuyaRig, type RigTuning } from './tuya-rig.ts';

const quick: BackoffPolicy = { firstMs: 20, ceilingMs: 100, floorMs: 5, stableMs: 60_000 };

async function setUp(t: TestContext, tuning: RigTuning = {}) {
  const rig = await openTuyaRig(t, tuning);
  const outlet = new MemoryOutlet();
  const { sink, log } = rig;
  const start = () =>
    rig.stack.use(startDeliveryLoop({ sink, outlet, log, clock: systemClock, backoff: quick, writeDeadlineMs: 5_000 }));
  return { ...rig, outlet, start };
}

/** Waits, bounded, until the buffer has nothing open. */
async function drained(outlet: MemoryOutlet): Promise<void> {
  for (let i = 0; i < 2_000 && outlet.count('open') > 0; i++) await sleep(5);
  assert.equal(outlet.count('open'), 0, 'records left in the buffer');
}

test('records of new devices are registered and delivered once each', async (t) => {
  const { outlet, start, received, cloud } = await setUp(t);
  for (let i = 0; i < 200; i++) outlet.add('normal', `dev:${i % 7}`);
  start();
  await drained(outlet);
  const rows = await received();
  assert.equal(rows.length, 200);
  assert.ok(rows.every((row) => row.effects === 1 && row.times === 1));
  assert.equal(cloud.totals().devices, 7);
});

test('the batch report carries many devices in few calls', async (t) => {
  const { outlet, start, received } = await setUp(t, { sink: { batch: true } });
  for (let i = 0; i < 3_000; i++) outlet.add('normal', `dev:${i % 45}`);
  start();
  await drained(outlet);
  const rows = await received();
  assert.equal(rows.length, 3_000);
  assert.ok(rows.every((row) => row.effects === 1));
});

const faults = [
  { kind: 'refuse', count: 5 },
  { kind: '5xx', count: 5 },
  { kind: '429', count: 5 },
  { kind: 'slow', count: 5, delayMs: 900 },
  { kind: 'lost-answer', count: 8 },
  { kind: 'token-expiry', count: 4 },
  { kind: 'half-open', count: 4 },
  { kind: 'code', code: 1111, count: 5 },
  { kind: 'code', code: 1010, count: 3 },
];
for (const batch of [false, true]) {
  for (const fault of faults) {
    const what = 'code' in fault ? `code ${fault.code}` : fault.kind;
    test(`nothing is lost and nothing takes effect twice: ${what}${batch ? ', in batches' : ''}`, async (t) => {
      const { outlet, start, received, fault: arm } = await setUp(t, { sink: { batch } });
      outlet.add('normal', 'dev:0', 1);
      start();
      await drained(outlet);
      await arm(fault);
      for (let i = 0; i < 60; i++) outlet.add('normal', `dev:${i % 5}`);
      outlet.announce('normal');
      await drained(outlet);
      const rows = await received();
      assert.equal(rows.length, 61);
      assert.equal(outlet.count('accept'), 61);
      assert.ok(
        rows.every((row) => row.effects === 1),
        'one effect per key',
      );
    });
  }
}

test('an offline backlog of presence ends in the last word, each change once, with the values in their places', async (t) => {
  const { outlet, start, received, devices, fault, clearFaults } = await setUp(t);
  const presence = (vb: boolean) => ({ kind: 'availability' as const, m: [{ n: 'availability', vb }] });
  await fault({ kind: 'refuse', forMs: 60_000 });
  start();
  for (let i = 0; i < 40; i++) {
    outlet.add('normal', 'dev:0', 1, presence(false));
    outlet.add('normal', 'dev:0', 1, presence(true));
    if (i % 10 === 0) outlet.add('normal', 'dev:0');
  }
  outlet.add('normal', 'dev:0', 1, presence(false));
  outlet.announce('normal');
  await sleep(50);
  await clearFaults();
  await drained(outlet);
  const rows = await received();
  assert.equal(rows.length, 85);
  assert.ok(rows.every((row) => row.effects === 1 && row.times === 1));
  assert.equal((await devices())[0]?.online, false);
  const words = rows.map(({ summary }) => (summary.startsWith('temperature') ? 'value' : summary));
  const told = words.filter((word, index) => word !== words[index - 1]);
  assert.deepEqual(told, ['online', 'value', 'online', 'value', 'online', 'value', 'online', 'value', 'offline']);
});
