import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Envelope } from '../../contracts/plugin.ts';
import type { Ingest } from '../../contracts/pipeline.ts';
import type { BackoffPolicy } from '../../gateway/lib/backoff.ts';
import { tuyaTables } from '../../gateway/delivery/tuya/tables.ts';
import { openTuyaSink } from '../../gateway/delivery/tuya/tuya-sink.ts';
import { systemClock } from '../../gateway/lib/clock.ts';
import { startDownlink } from '../../gateway/delivery/tuya/down/start-downlink.ts';
import { listen } from '../../gateway/observability/channels.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { openTables } from '../unit/delivery/tuya/sqlite-table-store.ts';
import { batchOf } from './tuya-batch.ts';
import { openTuyaRig } from './tuya-rig.ts';

const lasting = new AbortController().signal;
const quick: BackoffPolicy = { firstMs: 20, ceilingMs: 100, floorMs: 5, stableMs: 60_000 };
const base = '/v1.0/iot-03/3rdcloud/messages';

/** An ingest that commits to the same store; `broken` refuses that many envelopes, as a full disk does. */
function memoryIngest(store: { write: (writes: Parameters<Ingest>[1] & {}) => Promise<void> }) {
  const taken: Envelope[] = [];
  const state = { broken: 0 };
  const ingest: Ingest = async (envelope, alongside = []) => {
    if (state.broken > 0) {
      state.broken -= 1;
      throw new PortcullisError('DISK_FULL', 'The disk has no room.');
    }
    await store.write(alongside);
    taken.push(envelope);
    return { stored: 1, filtered: 0, deadLettered: 0 };
  };
  return { ingest, taken, state };
}

async function setUp(t: TestContext) {
  const rig = await openTuyaRig(t);
  const { ingest, taken, state } = memoryIngest(rig.store);
  const dropped: string[] = [];
  const ear = listen('dropped', ({ stage, reason }) => void (stage === 'tuya-messages' && dropped.push(reason)));
  t.after(() => ear[Symbol.dispose]());
  const start = () => {
    const deps = { link: rig.sink.link, store: rig.store, log: rig.log, ingest, backoff: quick };
    return rig.stack.use(startDownlink({ secret: rig.options.secret, pollMs: 500, graceMs: 500 }, deps));
  };
  const publish = (data: unknown, protocol = 1000, em = 'aes_gcm') =>
    rig.mock('POST', 'messages', { protocol, data, em });
  const topics = () => taken.map(({ topic }) => topic);
  const drained = () =>
    waitUntil(
      'the queue is empty',
      async () => ((await rig.mock('GET', 'messages')) as { waiting: number }).waiting === 0,
    );
  return { ...rig, taken, state, dropped, start, publish, topics, drained };
}

const property = (dataId: string, devId = 'native1') => ({
  bizCode: 'devicePropertyMessage',
  bizData: { dataId, devId, properties: [{ code: 'temp_current', value: 214, time: 1_741_108_936_110 }] },
  ts: 1_741_108_936_480,
});

test('messages of the queue are decrypted, stored once and acknowledged, whatever their protocol and mode', async (t) => {
  const { start, publish, taken, topics, drained } = await setUp(t);
  await publish(property('a'));
  await publish({ dataId: 'b', devId: 'native1', status: [] }, 4, 'aes_ecb');
  await publish({ bizCode: 'deviceOnline', bizData: { devId: 'native1' } }, 1001);
  start();
  await drained();
  assert.deepEqual(topics(), [
    'tuya/native1/devicePropertyMessage',
    'tuya/native1/protocol4',
    'tuya/native1/deviceOnline',
  ]);
  assert.equal(taken[0]?.plugin, 'tuya');
  assert.deepEqual(JSON.parse(Buffer.from(taken[0]?.payload ?? []).toString()), property('a'));
});

test('a message that comes again has no second effect, also after a restart', async (t) => {
  const { start, publish, topics, drained, fault, mock, dropped } = await setUp(t);
  await fault({ kind: 'refuse', count: 1, path: `${base}/ack` });
  await publish(property('a'));
  const first = start();
  await waitUntil('the message is stored', () => topics().length === 1);
  await first[Symbol.asyncDispose]();
  start();
  await waitUntil(
    'it is not acknowledged',
    async () => ((await mock('GET', 'messages')) as { waiting: number }).waiting === 1,
  );
  await mock('DELETE', 'messages/leases');
  await drained();
  assert.deepEqual([topics().length, dropped], [1, ['again']]);
});

test('what cannot be kept is not acknowledged, and comes again', async (t) => {
  const { start, publish, topics, state, mock, drained } = await setUp(t);
  state.broken = 1;
  await publish(property('a'));
  start();
  await waitUntil('the disk was full', () => state.broken === 0);
  assert.deepEqual(topics(), []);
  await mock('DELETE', 'messages/leases');
  await drained();
  assert.equal(topics().length, 1);
});

test('a message that nobody can read holds up no other, and is counted', async (t) => {
  const { start, publish, topics, drained, dropped } = await setUp(t);
  await publish('no object');
  await publish({ bizCode: 'x'.repeat(100), bizData: { devId: '../etc' } });
  await publish(property('a'));
  start();
  await drained();
  assert.deepEqual([topics(), dropped], [['tuya/native1/devicePropertyMessage'], ['unreadable', 'unreadable']]);
});

test('what this gateway reported itself does not come back as a device of the cloud', async (t) => {
  const { start, publish, topics, drained, sink, devices, dropped } = await setUp(t);
  await sink.write(batchOf(['lamp']), lasting);
  const [lamp] = await devices();
  await publish(property('a', lamp?.device_id));
  start();
  await drained();
  assert.deepEqual([topics(), dropped], [[], ['own-device']]);
});

test('the scales of a product are told before its first value, and asked for once', async (t) => {
  const { start, publish, topics, taken, drained, options, log, fault, clearFaults, mock, stack, devices } =
    await setUp(t);
  const point = { code: 'temp_current', type: 'Integer', values: '{"unit":"℃","min":0,"max":500,"scale":1,"step":1}' };
  await mock('POST', 'products', { product_id: 'p1', status: [point] });
  const store = stack.use(openTables(tuyaTables));
  const somebodyElse = stack.use(openTuyaSink(options, { store, clock: systemClock, log }));
  await somebodyElse.write(batchOf(['thermometer']), lasting);
  const [{ device_id: id } = { device_id: '' }] = await devices();
  const value = (dataId: string) => {
    const message = property(dataId, id);
    return { ...message, bizData: { ...message.bizData, productId: 'p1' } };
  };
  await fault({ kind: '5xx', forMs: 60_000, path: `/v1.0/iot-03/devices/${id}/specification` });
  await publish(value('a'));
  start();
  await waitUntil('the cloud was asked', async () => {
    const [armed] = (await mock('GET', 'faults')) as { hits: number }[];
    return (armed?.hits ?? 0) > 0;
  });
  assert.deepEqual(topics(), [], 'a value without its scale waits');
  await clearFaults();
  await mock('DELETE', 'messages/leases');
  await drained();
  await publish(value('b'));
  await drained();
  const message = `tuya/${id}/devicePropertyMessage`;
  assert.deepEqual(topics(), ['tuya/product/p1/specification', message, message]);
  assert.match(Buffer.from(taken[0]?.payload ?? []).toString(), /scale\\":1/);
});
