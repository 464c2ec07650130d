import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { DeviceRecord } from '../../contracts/registry.ts';
import type { DataPoint } from '../../gateway/delivery/tuya/data-points.ts';
import { openTuyaSink } from '../../gateway/delivery/tuya/tuya-sink.ts';
import { systemClock } from '../../gateway/lib/clock.ts';
import { listen } from '../../gateway/observability/channels.ts';
import { memoryDirectory } from './memory-directory.ts';
import { batchOf, deviceChange } from './tuya-batch.ts';
import { openTuyaRig, type RigTuning } from './tuya-rig.ts';

const lasting = new AbortController().signal;
const temperature = { n: 'temperature', v: 19.37 };
const values = { unit: '℃', min: -400, max: 800, scale: 1, step: 1 };
const model = {
  product_id: 'climate-product',
  status: [
    { code: 'temperature', type: 'Integer', values: JSON.stringify(values) },
    { code: 'va_humidity', type: 'Integer', values: JSON.stringify({ ...values, min: 0, max: 100, scale: 0 }) },
    { code: 'mode', type: 'Enum', values: '{"range":["eco","heat"]}' },
    { code: 'odd', type: 'Integer', values: '{}' },
  ],
};

async function setUp(t: TestContext, tuning: RigTuning = {}) {
  const lamp = {
    id: 'room',
    name: 'Room',
    profile: 'climate',
    lifeCycle: 'SHADOW',
    tags: [],
  } as unknown as DeviceRecord;
  const profile = { productId: 'climate-product', dataPoints: new Map<string, DataPoint>() };
  const directory = memoryDirectory([lamp]);
  const sink = { profiles: new Map([['climate', profile]]), ...tuning.sink };
  const rig = await openTuyaRig(t, { ...tuning, sink, deps: { directory } });
  await rig.mock('POST', 'products', model);
  const losses: Record<string, number> = {};
  const ear = listen('dropped', ({ stage, reason, count }) => {
    if (stage === 'projection') losses[reason] = (losses[reason] ?? 0) + count;
  });
  t.after(() => ear[Symbol.dispose]());
  const status = async () => {
    const [device] = await rig.devices();
    return Object.fromEntries(device?.status.map(({ code, value }) => [code, value]) ?? []);
  };
  return { ...rig, directory, losses, status };
}

test('a device has the product of its profile, and its values fit what the cloud says of it', async (t) => {
  const { sink, devices, status, losses } = await setUp(t);
  const m = [temperature, { n: 'mode', vs: 'eco' }, { n: 'odd', v: 1.5 }, { n: 'pressure', v: 1013.25 }];
  const { verdicts } = await sink.write(
    batchOf(['room', { m }], ['room', { m: [{ n: 'temperature', v: 99 }] }]),
    lasting,
  );
  assert.ok(verdicts.every(({ is }) => is === 'accept'));
  assert.deepEqual(
    [(await devices())[0]?.product_id, await status()],
    ['climate-product', { temperature: 800, mode: 'eco', odd: 1.5, pressure: 1013.25 }],
  );
  assert.deepEqual(losses, { rounded: 1, clamped: 1 });
});

test('a device that gets another profile is registered anew under its product', async (t) => {
  const { sink, devices, directory } = await setUp(t);
  await sink.write(batchOf(['other']), lasting);
  assert.equal((await devices())[0]?.product_id, 'p1');
  const { find } = directory;
  directory.find = () => find('room');
  const change = deviceChange('other', { lifeCycle: 'ACTIVATED' }, 2);
  assert.ok(
    (await sink.write(batchOf(['other', change], ['other', change]), lasting)).verdicts.every(
      ({ is }) => is === 'accept',
    ),
  );
  assert.deepEqual(
    (await devices()).map(({ product_id: product, online }) => [product, online]),
    [['climate-product', true]],
  );
  directory.find = () => undefined;
  await sink.write(batchOf(['other', { m: [temperature] }]), lasting);
  assert.deepEqual(
    (await devices()).map(({ product_id: product, status }) => [product, status]),
    [['p1', [{ code: 'temperature', value: 19.37 }]]],
    'also when a report comes first',
  );
});

test('the operator names the metric of a data point, and leaves its type to the cloud', async (t) => {
  const dataPoints = new Map<string, DataPoint>([['va_humidity', { type: 'any', metric: 'humidity' }]]);
  const profiles = new Map([['climate', { productId: 'climate-product', dataPoints }]]);
  const { sink, status, losses } = await setUp(t, { sink: { profiles } });
  await sink.write(
    batchOf([
      'room',
      {
        m: [
          { n: 'humidity', v: 47.6 },
          { n: 'battery', q: 'sentinel' },
        ],
      },
    ]),
    lasting,
  );
  assert.deepEqual(await status(), { va_humidity: 48 });
  assert.deepEqual(losses, { rounded: 1, no_value: 1 });
});

test('the specification is fetched once and kept; while it cannot be had, values wait', async (t) => {
  const rig = await setUp(t);
  const { sink, fault, clearFaults, mock, status } = rig;
  await fault({ kind: '5xx', forMs: 60_000, path: '/v1.0/iot-03/devices/' });
  const first = await sink.write(batchOf(['room', { m: [temperature] }]), lasting);
  assert.deepEqual(first.verdicts, [{ is: 'keep' }]);
  assert.deepEqual(await status(), {}, 'nothing went out in another scale');
  await clearFaults();
  await sink.write(batchOf(['room', { m: [temperature] }]), lasting);
  assert.deepEqual(await status(), { temperature: 194 });
  await fault({ kind: 'code', code: 1106, forMs: 60_000, path: '/v1.0/iot-03/devices/' });
  const deps = { store: rig.store, clock: systemClock, log: rig.log, directory: rig.directory };
  await using again = openTuyaSink(rig.options, deps);
  await again.write(batchOf(['room', { m: [{ n: 'temperature', v: 21.04 }] }]), lasting);
  assert.deepEqual(await status(), { temperature: 210 });
  const [armed] = (await mock('GET', 'faults')) as { hits: number }[];
  assert.equal(armed?.hits, 0, 'a restart does not ask again');
});

test('a cloud that does not tell a specification is taken at the word of the operator', async (t) => {
  const dataPoints = new Map<string, DataPoint>([['temperature', { type: 'value', scale: 2 }]]);
  const profiles = new Map([['climate', { productId: 'climate-product', dataPoints }]]);
  const { sink, fault, status } = await setUp(t, { sink: { profiles } });
  await fault({ kind: 'code', code: 1106, forMs: 60_000, path: '/v1.0/iot-03/devices/' });
  await sink.write(batchOf(['room', { m: [temperature] }]), lasting);
  assert.deepEqual(await status(), { temperature: 1937 });
});
