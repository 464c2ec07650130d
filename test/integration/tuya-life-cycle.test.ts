import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Batch } from '../../contracts/sink.ts';
import { availability, batchOf, commandResult, deviceChange } from './tuya-batch.ts';
import { memoryDirectory } from './memory-directory.ts';
import { openTuyaRig, type RigTuning } from './tuya-rig.ts';

const lasting = new AbortController().signal;
const api = '/v1.0/iot-03/3rdcloud';
const allAccepted = (verdicts: readonly { readonly is: string }[]): boolean =>
  verdicts.every(({ is }) => is === 'accept');

async function setUp(t: TestContext, tuning: RigTuning = {}) {
  const rig = await openTuyaRig(t, tuning);
  /** Writes until nothing is kept, as the delivery loop does. */
  const deliver = async (batch: Batch): Promise<void> => {
    let items = batch.items;
    for (let tries = 0; items.length > 0 && tries < 10; tries++) {
      const { verdicts } = await rig.sink.write({ ...batch, items }, lasting);
      items = items.filter((_, index) => verdicts[index]?.is === 'keep');
    }
    assert.equal(items.length, 0, 'records that were never settled');
  };
  return { ...rig, deliver };
}

for (const batch of [false, true]) {
  const how = batch ? ', in batches' : '';

  test(`a device of the registry is registered under its name, renamed and removed${how}`, async (t) => {
    const { sink, devices } = await setUp(t, { sink: { batch } });
    await sink.write(batchOf(['d', deviceChange('d', { name: 'Pantry lamp', lifeCycle: 'SHADOW' })]), lasting);
    assert.equal((await devices())[0]?.device_name, 'Pantry lamp');
    await sink.write(batchOf(['d'], ['d', deviceChange('d', { name: 'Cellar lamp' }, 2)]), lasting);
    assert.equal((await devices())[0]?.device_name, 'Cellar lamp');
    const gone = batchOf(['d'], ['d', deviceChange('d', { lifeCycle: 'DECOMMISSIONED' }, 3)], ['d']);
    const { verdicts } = await sink.write(gone, lasting);
    assert.deepEqual(await devices(), []);
    assert.deepEqual(
      verdicts.map((verdict) => (verdict.is === 'reject' ? verdict.code : verdict.is)),
      ['accept', 'accept', 'TUYA_DEVICE_REMOVED'],
      'a late record registers nothing',
    );
    await sink.write(batchOf(['d', deviceChange('d', { name: 'Lamp', lifeCycle: 'SHADOW' }, 4)], ['d']), lasting);
    assert.equal((await devices())[0]?.device_name, 'Lamp', 'the registry took it up again');
  });

  test(`devices are registered behind the gateway when that has a product${how}`, async (t) => {
    const { sink, devices, cloud } = await setUp(t, { sink: { batch, gatewayProductId: 'gw-product' } });
    const { verdicts } = await sink.write(batchOf(['d'], ['e'], ['f']), lasting);
    assert.ok(allAccepted(verdicts));
    const known = await devices();
    const gateway = known.find(({ product_id: product }) => product === 'gw-product');
    assert.equal(cloud.totals().devices, 4);
    assert.equal(gateway?.online, true);
    assert.deepEqual(
      known.filter((device) => device !== gateway).map(({ gateway_id: parent }) => parent),
      Array.from({ length: 3 }, () => gateway?.device_id),
    );
  });
}

test('a gateway that the cloud has forgotten is registered again, then the device behind it', async (t) => {
  const { sink, fault, devices } = await setUp(t, { sink: { gatewayProductId: 'gw-product' } });
  await sink.write(batchOf(['d']), lasting);
  await fault({ kind: 'code', code: 2010, count: 1, path: `${api}/devices/` });
  assert.ok(allAccepted((await sink.write(batchOf(['e']), lasting)).verdicts));
  assert.equal((await devices()).length, 3);
});

test('a gateway that the cloud refuses rejects no device behind it', async (t) => {
  const directory = memoryDirectory();
  const { sink, fault } = await setUp(t, { sink: { gatewayProductId: 'nothing' }, deps: { directory } });
  await fault({ kind: 'code', code: 2005, path: `${api}/devices/` });
  const { verdicts, pause } = await sink.write(batchOf(['d']), lasting);
  assert.deepEqual([verdicts[0]?.is, pause?.reason], ['keep', 'gateway']);
  assert.deepEqual(directory.told, []);
  await sink.retryRejected();
  assert.ok(allAccepted((await sink.write(batchOf(['d']), lasting)).verdicts));
});

test('changes of rooms and groups, and results of other sources, cost no call and register nothing', async (t) => {
  const { sink, devices, fault } = await setUp(t);
  await fault({ kind: 'refuse', forMs: 60_000 });
  const room = { subject: 'place', id: 'kitchen', op: 'created', version: 1, value: {} } as const;
  const result = { command: 'x', name: 'switch', source: 'api', state: 'acked' } as const;
  const batch = batchOf(
    ['place:kitchen', { kind: 'change', m: [], change: room }],
    ['d', { kind: 'result', m: [], result }],
  );
  assert.ok(allAccepted((await sink.write(batch, lasting)).verdicts));
  assert.deepEqual(await devices(), []);
});

test('what is known from this cloud only is not sent back to it', async (t) => {
  const { sink, devices } = await setUp(t);
  const { verdicts } = await sink.write(batchOf(['tuya:x', { src: { proto: 'tuya', topic: 'tuya/x' } }]), lasting);
  assert.deepEqual([verdicts[0]?.is, await devices()], ['accept', []]);
});

const losses = ['lost-answer', 'refuse', '5xx', 'half-open', 'token-expiry'];
for (const kind of losses) {
  test(`each call of a device's life has one effect: ${kind}`, async (t) => {
    const { deliver, fault, devices, received, addCommand, commands } = await setUp(t);
    const lossy = (path = api): Promise<void> => fault({ kind, count: 1, path });
    await lossy();
    await deliver(batchOf(['d', deviceChange('d', { name: 'Pantry lamp', lifeCycle: 'SHADOW' })]));
    const [device] = await devices();
    assert.equal(device?.device_name, 'Pantry lamp');
    await lossy();
    await deliver(batchOf(['d', deviceChange('d', { name: 'Cellar lamp' }, 2)]));
    assert.equal((await devices())[0]?.device_name, 'Cellar lamp');
    await lossy();
    const flapping = batchOf(['d', availability(true)], ['d', availability(false)]);
    await deliver(flapping);
    assert.equal((await devices())[0]?.online, false);
    const ids = new Set(flapping.items.map(({ message }) => message.id));
    assert.deepEqual(
      (await received()).filter(({ key }) => ids.has(key)).map(({ effects }) => effects),
      [1, 1],
    );
    const { command_id: id } = await addCommand({
      device_id: device?.device_id,
      commands: [{ code: 'on', value: true }],
    });
    await lossy();
    await deliver(batchOf(['d', commandResult(`tuya:${id}`, 'acked')]));
    assert.equal((await commands())[0]?.state, 'acked');
    await lossy();
    await deliver(batchOf(['d', deviceChange('d', undefined, 3)]));
    assert.deepEqual(await devices(), []);
  });
}

test('an action is answered with its code and the id of the request', async (t) => {
  const { deliver, devices, addCommand, commands, received } = await setUp(t);
  await deliver(batchOf(['d']));
  const [device] = await devices();
  const action = { action_code: 'valve_close', input_params: {} };
  const { command_id: id } = await addCommand({ device_id: device?.device_id, action });
  await deliver(batchOf(['d', commandResult(`tuya-action:${id}`, 'failed', 'valve_close')]));
  assert.equal((await commands())[0]?.state, 'failed');
  assert.match((await received()).at(-1)?.summary ?? '', /^action:valve_close/);
});

test('a command in parts is answered once all of them have ended, and failed when one failed', async (t) => {
  const states = new Map<string, 'sent' | 'failed'>();
  const commandPort = {
    status: async (id: string) => {
      const state = states.get(id);
      return state && { id, device: 'd', name: 'switch', source: 'cloud' as const, state };
    },
  };
  const { deliver, devices, addCommand, commands } = await setUp(t, { deps: { commands: commandPort } });
  await deliver(batchOf(['d']));
  const [device] = await devices();
  const { command_id: id } = await addCommand({
    device_id: device?.device_id,
    commands: [{ code: 'a' }, { code: 'b' }],
  });
  states.set(`tuya:${id}/2.2`, 'sent');
  await deliver(batchOf(['d', commandResult(`tuya:${id}/1.2`, 'acked')]));
  assert.equal((await commands())[0]?.state, 'queued');
  states.set(`tuya:${id}/1.2`, 'failed');
  await deliver(batchOf(['d', commandResult(`tuya:${id}/2.2`, 'acked')]));
  assert.equal((await commands())[0]?.state, 'failed');
});

test('the answer to a command that the cloud has forgotten is settled', async (t) => {
  const { sink } = await setUp(t);
  const { verdicts } = await sink.write(batchOf(['d', commandResult('tuya:0000', 'acked')]), lasting);
  assert.ok(allAccepted(verdicts));
});
