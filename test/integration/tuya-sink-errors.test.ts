import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Kind, Message } from '../../contracts/message.ts';
import type { Batch, BatchItem } from '../../contracts/sink.ts';
import { openTuyaSink } from '../../gateway/delivery/tuya/tuya-sink.ts';
import { systemClock } from '../../gateway/lib/clock.ts';
import { listen } from '../../gateway/observability/channels.ts';
import { message } from '../unit/delivery/memory-outlet.ts';
import { VirtualTime } from '../unit/delivery/virtual-time.ts';
import { openTuyaRig } from './tuya-rig.ts';

const lasting = new AbortController().signal;

function batchOf(...entries: readonly (readonly [device: string, change?: Partial<Message>])[]): Batch {
  const items = entries.map(([device, change], index): BatchItem => {
    return { lsn: index + 1, message: message(index + 1, device, change) };
  });
  return { sink: 'tuya', lane: 'normal', items };
}

const one = batchOf(['d']);
const reports = '/v1.0/iot-03/3rdcloud/devices';
const kind = (name: Kind, n: string, vb = true): Partial<Message> => ({ kind: name, m: [{ n, vb }] });

function hearAlarms(t: { after(fn: () => void): void }): string[] {
  const heard: string[] = [];
  const ear = listen('alarm', ({ code, active }) => heard.push(`${active ? '+' : '-'}${code}`));
  t.after(() => ear[Symbol.dispose]());
  return heard;
}

const accountErrors = [
  { code: 1004, pause: 'stopped', alarm: 'CLOUD_CREDENTIALS' },
  { code: 28841004, pause: 7_200_000, alarm: 'CLOUD_QUOTA' },
  { code: 1110, pause: 'transient' },
  { code: 500, pause: 'transient' },
  { code: 1010, pause: 'transient' },
] as const;
for (const { code, pause, ...rest } of accountErrors) {
  test(`code ${code} keeps the record, pauses, and never rejects the device`, async (t) => {
    const alarms = hearAlarms(t);
    const { sink, fault, store } = await openTuyaRig(t);
    await fault({ kind: 'code', code, forMs: 60_000, path: reports });
    const result = await sink.write(one, lasting);
    assert.deepEqual(result.verdicts, [{ is: 'keep' }]);
    assert.equal(result.pause?.forMs, pause);
    assert.match(result.pause?.reason ?? '', /^[a-z]+$/, 'a label of a metric, without ids of the cloud');
    assert.deepEqual(alarms, 'alarm' in rest ? [`+${rest.alarm}`] : []);
    const rows = await store.read('tuya.list', []);
    assert.ok(rows.every((row) => row['state'] !== 'REJECTED'));
  });
}

for (const code of [1106, 28841002, 1108]) {
  test(`code ${code} keeps the record and lets its device rest; its alarm stays while others go on`, async (t) => {
    const alarms = hearAlarms(t);
    const { sink, fault, clearFaults } = await openTuyaRig(t);
    const others = batchOf(['e']);
    await sink.write(others, lasting);
    await fault({ kind: 'code', code, path: reports });
    const { verdicts, pause } = await sink.write(one, lasting);
    assert.deepEqual([verdicts, pause], [[{ is: 'keep', own: 'permission' }], undefined]);
    await clearFaults();
    assert.deepEqual((await sink.write(others, lasting)).verdicts, [{ is: 'accept' }]);
    assert.deepEqual(alarms, ['+CLOUD_PERMISSION']);
  });
}

test('a refused registration rejects the device with the reason, its records become dead letters', async (t) => {
  const { sink, fault, store } = await openTuyaRig(t);
  await fault({ kind: 'code', code: 2005, path: reports });
  const [verdict] = (await sink.write(one, lasting)).verdicts;
  assert.equal(verdict?.is === 'reject' && verdict.code, 'TUYA_DEVICE_REJECTED');
  const [row] = await store.read('tuya.list', []);
  assert.equal(row?.['state'], 'REJECTED');
  assert.match(String(row?.['reason']), /2005/);
  await sink.retryRejected();
  assert.deepEqual((await sink.write(one, lasting)).verdicts, [{ is: 'accept' }]);
});

test('a device that the cloud has forgotten is registered again in the same write', async (t) => {
  const { sink, fault, received } = await openTuyaRig(t);
  await sink.write(one, lasting);
  const later = batchOf(['d'], ['d'], ['d']);
  await fault({ kind: 'code', code: 2010, path: `${reports}/` });
  assert.deepEqual(new Set((await sink.write(later, lasting)).verdicts.map(({ is }) => is)), new Set(['accept']));
  assert.equal((await received()).length, 3);
});

test('one bad record of a merged call is found, its neighbours arrive', async (t) => {
  const huge = 'x'.repeat(300);
  const { sink, received } = await openTuyaRig(t);
  const metric = (n: string): Partial<Message> => ({ m: [{ n, v: 1 }] });
  const batch = batchOf(['d', metric('a')], ['d', metric('b')], ['d', metric(huge)], ['d', metric('c')]);
  const { verdicts, pause } = await sink.write(batch, lasting);
  assert.deepEqual(
    verdicts.map(({ is }) => is),
    ['accept', 'accept', 'reject', 'accept'],
  );
  assert.equal(pause, undefined);
  assert.equal((await received()).length, 3);
});

test('a duplicate answer to a merged call accepts the first record and sends the others on', async (t) => {
  const { sink, received } = await openTuyaRig(t, { cloud: { repeats: 'refuse' } });
  await sink.write(one, lasting);
  const metric = (n: string): Partial<Message> => ({ m: [{ n, v: 1 }] });
  const again = batchOf(['d', metric('a')], ['d', metric('b')], ['d', metric('c')]);
  assert.ok((await sink.write(again, lasting)).verdicts.every(({ is }) => is === 'accept'));
  assert.ok((await sink.write(again, lasting)).verdicts.every(({ is }) => is === 'accept'));
  assert.ok((await received()).every((row) => row.effects === 1));
});

test('a duplicate answer speaks for the first id only: the other records are sent', async (t) => {
  const { sink, fault, received } = await openTuyaRig(t);
  await sink.write(one, lasting);
  const metric = (n: string): Partial<Message> => ({ m: [{ n, v: 1 }] });
  const batch = batchOf(['d', metric('a')], ['d', metric('b')], ['d', metric('c')]);
  await fault({ kind: 'code', code: 1113, path: reports });
  assert.ok((await sink.write(batch, lasting)).verdicts.every(({ is }) => is === 'accept'));
  assert.equal((await received()).length, 3);
});

test('what follows a kept record of the same device is kept too, other devices go on', async (t) => {
  const { sink, fault, devices, received } = await openTuyaRig(t);
  await sink.write(batchOf(['d'], ['e']), lasting);
  const [first] = await devices();
  await fault({ kind: 'code', code: 1106, forMs: 60_000, path: `${reports}/${first?.device_id}/event` });
  const before = (await received()).length;
  const batch = batchOf(['d', kind('event', 'action')], ['d'], ['e', { m: [{ n: 'x', v: 1 }] }]);
  const items = batch.items.map((item) => ({
    ...item,
    message: { ...item.message, id: `f${item.message.id.slice(1)}` },
  }));
  const { verdicts } = await sink.write({ ...batch, items }, lasting);
  assert.deepEqual(
    verdicts.map(({ is }) => is),
    ['keep', 'keep', 'accept'],
  );
  assert.equal((await received()).length, before + 1);
});

test('in batches, one write settles more than a call can carry, with what lies between in its place', async (t) => {
  const { sink, received } = await openTuyaRig(t, { sink: { batch: true } });
  const entries = Array.from({ length: 1_300 }, (_, i): [string, Partial<Message>?] =>
    i % 100 === 50 ? [`d${i % 2}`, kind('event', 'action')] : [`d${i % 2}`],
  );
  const { verdicts, pause } = await sink.write(batchOf(...entries), lasting);
  assert.ok(verdicts.every(({ is }) => is === 'accept'));
  assert.equal(pause, undefined);
  const rows = await received();
  for (const device of new Set(rows.map((row) => row.device))) {
    const keys = rows.filter((row) => row.device === device).map((row) => row.key);
    assert.deepEqual(keys, keys.toSorted());
  }
  assert.equal(rows.length, 1_300);
});

test('an answer that nobody knows is kept at first, and cannot block the record for ever', async (t) => {
  const { sink, fault } = await openTuyaRig(t);
  await sink.write(one, lasting);
  await fault({ kind: 'code', code: 4711, forMs: 60_000, path: reports });
  const seen: string[] = [];
  for (let i = 0; i < 5; i++) seen.push((await sink.write(one, lasting)).verdicts[0]?.is ?? '');
  assert.deepEqual(seen, ['keep', 'keep', 'keep', 'keep', 'reject']);
});

test('events, alarms and presence take their own calls, in the order of the device', async (t) => {
  const { sink, received, devices } = await openTuyaRig(t);
  const batch = batchOf(
    ['d', { kind: 'registration', m: [] }],
    ['d'],
    ['d', kind('event', 'action')],
    ['d', kind('alarm', 'smoke')],
    ['d', kind('availability', 'availability', false)],
  );
  assert.ok((await sink.write(batch, lasting)).verdicts.every(({ is }) => is === 'accept'));
  const [device] = await devices();
  assert.deepEqual([device?.events, device?.online], [2, false]);
  assert.deepEqual(
    (await received()).map((row) => row.summary.split(' ')[0]),
    ['temperature=2', 'event:action', 'event:smoke', 'offline'],
  );
});

test('registration survives a restart: the cloud is asked once', async (t) => {
  const rig = await openTuyaRig(t);
  await rig.sink.write(one, lasting);
  await rig.fault({ kind: 'code', code: 2005, forMs: 60_000, path: `${reports}/d` });
  await using again = openTuyaSink(rig.options, { store: rig.store, clock: systemClock, log: rig.log });
  assert.deepEqual((await again.write(batchOf(['d']), lasting)).verdicts, [{ is: 'accept' }]);
});

test('a clock ten years back is corrected from the cloud and called suspect', async (t) => {
  const alarms = hearAlarms(t);
  const clock = new VirtualTime();
  clock.setWall(Date.now() - 10 * 365 * 86_400_000);
  const { sink } = await openTuyaRig(t, { clock });
  await sink.connect(lasting);
  assert.deepEqual((await sink.write(one, lasting)).verdicts, [{ is: 'accept' }]);
  assert.deepEqual(alarms, ['+GATEWAY_CLOCK']);
  clock.setWall(Date.now() + 30 * 86_400_000);
  assert.deepEqual((await sink.write(batchOf(['e']), lasting)).verdicts, [{ is: 'accept' }]);
  clock.setWall(Date.now());
  assert.deepEqual((await sink.write(batchOf(['f']), lasting)).verdicts, [{ is: 'accept' }]);
  assert.deepEqual(alarms, ['+GATEWAY_CLOCK', '-GATEWAY_CLOCK']);
});

test('under the quota, states coalesce: all ids are listed, all records accepted, few calls made', async (t) => {
  let superseded = 0;
  const ear = listen('dropped', (event) => (superseded += event.reason === 'coalesced' ? event.count : 0));
  t.after(() => ear[Symbol.dispose]());
  const { sink, received, devices } = await openTuyaRig(t, { sink: { callsPerSecond: 5 } });
  const state = (v: number): Partial<Message> => ({ kind: 'state', m: [{ n: 'level', v }] });
  const batch = batchOf(...Array.from({ length: 60 }, (_, i) => ['d', state(i)] as const));
  assert.ok((await sink.write(batch, lasting)).verdicts.every(({ is }) => is === 'accept'));
  assert.equal((await received()).length, 60);
  assert.equal(superseded, 59);
  const [device] = await devices();
  assert.deepEqual(device?.status, [{ code: 'level', value: 59 }]);
});

test('a value is fitted to the data point of the product', async (t) => {
  const dataPoints = new Map([['temperature', { type: 'value', scale: 1, max: 500 } as const]]);
  const { sink, received } = await openTuyaRig(t, { sink: { dataPoints } });
  await sink.write(batchOf(['d', { m: [{ n: 'temperature', v: 19.37 }] }]), lasting);
  assert.match((await received())[0]?.summary ?? '', /temperature=194/);
});

test('telemetry over the quota waits in the buffer, and the sink says for how long', async (t) => {
  const { sink, received } = await openTuyaRig(t, { sink: { callsPerSecond: 0.05 } });
  const { verdicts, pause } = await sink.write(batchOf(['d'], ['d'], ['d']), lasting);
  assert.ok(verdicts.every(({ is }) => is === 'keep'));
  assert.equal((await received()).length, 0);
  assert.ok(typeof pause?.forMs === 'number' && pause.forMs > 15_000 && pause.forMs <= 20_000, String(pause?.forMs));
});

test('wrong credentials stop the sink at connect; the secret appears nowhere', async (t) => {
  const canary = 'CANARY-0f8fad5bd9cb469f';
  const rig = await openTuyaRig(t);
  await using sink = openTuyaSink(
    { ...rig.options, secret: canary },
    { store: rig.store, clock: systemClock, log: rig.log },
  );
  const error = await sink.connect(lasting).catch((thrown: unknown) => thrown as Error & { code: string });
  assert.equal(error?.code, 'SINK_REFUSED');
  const result = await sink.write(one, lasting);
  rig.log.error({ err: error, result, sink }, 'everything that could leak');
  assert.ok(rig.lines.length >= 2);
  assert.ok(!rig.lines.join('').includes(canary));
});
