import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TableSet } from '../../contracts/table-set.ts';
import { openBuffer, type Buffer } from '../../gateway/buffer/buffer.ts';
import type { BackoffPolicy } from '../../gateway/lib/backoff.ts';
import { startDeliveryLoop } from '../../gateway/delivery/delivery-loop.ts';
import { tuyaTables } from '../../gateway/delivery/tuya/tables.ts';
import { systemClock } from '../../gateway/lib/clock.ts';
import { entry, measurement, silent } from '../unit/buffer/buffer-fixture.ts';
import { acceptAll, ScriptedSink, type Script } from '../unit/delivery/scripted-sink.ts';
import { VirtualTime } from '../unit/delivery/virtual-time.ts';
import { openTuyaRig } from './tuya-rig.ts';

const backoff: BackoffPolicy = { firstMs: 20, ceilingMs: 100, floorMs: 5, stableMs: 60_000 };

async function openOne(t: TestContext, sink: string, tables: readonly TableSet[] = []): Promise<Buffer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'delivery-from-buffer-'));
  const options = { dataDir, gateway: 'gw-test', sinks: [sink], tables };
  const buffer = await openBuffer(options, { log: silent, clock: systemClock });
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  t.after(() => buffer[Symbol.asyncDispose]());
  return buffer;
}

async function setUp(t: TestContext, batch: boolean) {
  const buffer = await openOne(t, 'tuya', [tuyaTables]);
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
  const done = async (): Promise<number> => (await buffer.ledger()).sinks[0]?.delivered ?? 0;
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

/** Keeps what a device of this name sends, as a cloud does that does not let it in yet. */
const keepsOf =
  (name: string): Script =>
  ({ items }) => ({
    verdicts: items.map(({ message: { dev } }) =>
      dev.id === name ? { is: 'keep', own: 'permission' } : { is: 'accept' },
    ),
  });

test('a device that the cloud does not take yet holds up no other, and comes in its order once it is taken', async (t) => {
  const sink = new ScriptedSink();
  const buffer = await openOne(t, sink.name);
  sink.script = keepsOf('new');
  await using _loop = startDeliveryLoop({ sink, outlet: buffer, log: silent, clock: systemClock, backoff });
  for (let i = 0; i < 60; i++) await buffer.append(entry(measurement('new', i), measurement('known', i)));
  await delivered(buffer, 60);
  sink.script = acceptAll;
  await delivered(buffer, 120);
  for (const name of ['new', 'known']) {
    const taken = sink.taken.filter(({ device }) => device === name).map(({ lsn }) => lsn);
    assert.deepEqual(
      taken,
      taken.toSorted((a, b) => a - b),
    );
  }
});

test('while a device rests, the records and alarms of others flow, whatever it sends, also after a restart', async (t) => {
  const sink = new ScriptedSink();
  const buffer = await openOne(t, sink.name);
  sink.script = keepsOf('new');
  const time = new VirtualTime();
  const start = () =>
    startDeliveryLoop({ sink, outlet: buffer, log: silent, clock: time, scheduler: time, random: () => 1 });
  const first = start();
  for (let i = 0; i < 20; i++) {
    // Alone, so that nothing of the loan is taken.
    await buffer.append(entry(measurement('new', i)));
    await buffer.append(entry(measurement('known', i), measurement('door', i, 'alarm')));
    await delivered(buffer, 2 * (i + 1));
  }
  assert.ok(!first.status().outage);
  const tries = sink.writes;
  assert.ok(tries <= 62, `${tries} writes for 40 records of others: the resting device is not tried all the time`);
  await first[Symbol.asyncDispose]();
  await using second = start();
  await buffer.append(entry(measurement('known', 20)));
  await delivered(buffer, 41);
  sink.script = acceptAll;
  second.resume();
  await delivered(buffer, 61);
  const taken = sink.taken.filter(({ device }) => device === 'new').map(({ lsn }) => lsn);
  assert.deepEqual(
    taken,
    taken.toSorted((a, b) => a - b),
  );
});

test('a poisonous record is found although the record of another device is kept', async (t) => {
  const sink = new ScriptedSink();
  const buffer = await openOne(t, sink.name);
  sink.script = keepsOf('new');
  await using _loop = startDeliveryLoop({ sink, outlet: buffer, log: silent, clock: systemClock, backoff });
  await buffer.append(entry(measurement('new', 0), measurement('known', 0)));
  await delivered(buffer, 1);
  sink.script = (batch, signal) => {
    if (batch.items.some(({ message: { dev } }) => dev.id === 'poison')) throw new Error('cannot encode');
    return keepsOf('new')(batch, signal);
  };
  await buffer.append(entry(measurement('known', 1), measurement('poison', 2), measurement('known', 3)));
  await delivered(buffer, 3);
  assert.equal((await buffer.ledger()).sinks[0]?.deadLettered, 1);
});
