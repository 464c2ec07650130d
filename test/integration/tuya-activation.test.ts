import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { tuyaTables } from '../../gateway/delivery/tuya/tables.ts';
import { openTuyaSink } from '../../gateway/delivery/tuya/tuya-sink.ts';
import { systemClock } from '../../gateway/lib/clock.ts';
import { openTables } from '../unit/delivery/tuya/sqlite-table-store.ts';
import { memoryDirectory } from './memory-directory.ts';
import { batchOf, deviceChange } from './tuya-batch.ts';
import { openTuyaRig } from './tuya-rig.ts';

const lasting = new AbortController().signal;
const registration = '/v1.0/iot-03/3rdcloud/devices/';

/** A cloud, and one gateway after the other before it, each with nothing but its own table. */
async function setUp(t: TestContext) {
  const rig = await openTuyaRig(t);
  const gateway = () => {
    const directory = memoryDirectory();
    const store = rig.stack.use(openTables(tuyaTables));
    const sink = rig.stack.use(openTuyaSink(rig.options, { store, clock: systemClock, log: rig.log, directory }));
    const state = async () => (await store.read('tuya.list', []))[0]?.['state'];
    return { sink, directory, store, state };
  };
  return { ...rig, gateway };
}

const aboutDevice = [1000, 1100, 1101, 1102, 1103, 1104, 1107, 1109, 2001, 2003, 2005, 2006, 2007, 2008, 2009, 2010];

test('a code about the device rejects it, with code, reason and what an engineer can do', async (t) => {
  const { gateway, fault, clearFaults } = await setUp(t);
  for (const code of aboutDevice) {
    const { sink, directory, state } = gateway();
    await fault({ kind: 'code', code, forMs: 60_000, path: registration });
    await sink.write(batchOf([`d${code}`]), lasting);
    await clearFaults();
    const [{ outcome } = { outcome: undefined }, ...more] = directory.told;
    assert.ok(outcome?.is === 'rejected', `code ${code} is told`);
    assert.deepEqual([outcome.code, more, await state()], [String(code), [], 'REJECTED']);
    assert.match(outcome.reason, new RegExp(`${code}.*tid`), 'the reason lets the platform team find the call');
    assert.match(outcome.suggestion, /^[A-Z].*\.$/);
  }
});

const aboutAccount = [
  1002, 1010, 1011, 1012, 1400, 1013, 1001, 1003, 1004, 1005, 1006, 1106, 1108, 28841001, 28841002, 28841101, 28841105,
  28841106, 28841004, 500, 1110, 1111, 1199, 1113, 2121, 2122, 2123, 2124, 4711,
];
const aboutLink = ['refuse', '5xx', '429', 'half-open', 'slow'].map((kind) => ({ kind, delayMs: 30_000 }));

test('no code about account, clock or plan, and no fault of the link, ever rejects a device', async (t) => {
  const { gateway, fault, clearFaults } = await setUp(t);
  for (const trouble of [...aboutAccount.map((code) => ({ kind: 'code', code })), ...aboutLink]) {
    const { sink, directory, state } = gateway();
    await fault({ ...trouble, forMs: 60_000, path: registration });
    const device = `d${JSON.stringify(trouble)}`;
    const { verdicts } = await sink.write(batchOf([device]), lasting);
    await clearFaults();
    const kept = verdicts.every(({ is }) => is === 'keep');
    assert.deepEqual([kept, directory.told, await state()], [true, [], 'SHADOW'], device);
  }
});

test('an activation is told with the id of the cloud, before it counts as told', async (t) => {
  const { gateway, devices } = await setUp(t);
  const { sink, directory, store } = gateway();
  const tell = directory.activation;
  directory.activation = () => Promise.reject(new Error('killed'));
  await assert.rejects(sink.write(batchOf(['d']), lasting), /killed/);
  directory.activation = tell;
  await sink.write(batchOf(['d'], ['d']), lasting);
  const [device, ...others] = await devices();
  assert.deepEqual(others, []);
  assert.deepEqual(directory.told, [{ device: 'd', outcome: { is: 'activated', cloudId: device?.device_id } }]);
  assert.equal((await store.read('tuya.list', []))[0]?.['state'], 'ACTIVATED');
});

test('a duplicate answer to a registration finds the device that an earlier try has registered', async (t) => {
  const { gateway, fault, devices } = await setUp(t);
  await gateway().sink.write(batchOf(['d']), lasting);
  await fault({ kind: 'code', code: 1113, path: registration });
  const { sink, directory } = gateway();
  assert.deepEqual((await sink.write(batchOf(['d']), lasting)).verdicts, [{ is: 'accept' }]);
  const [device] = await devices();
  assert.deepEqual(directory.told[0]?.outcome, { is: 'activated', cloudId: device?.device_id });
});

test('a device refused later is told too, another try of the registry registers it, its removal needs no call', async (t) => {
  const { gateway, fault, devices } = await setUp(t);
  const { sink, directory, state } = gateway();
  await sink.write(batchOf(['d']), lasting);
  await fault({ kind: 'code', code: 2007, path: registration });
  const shadow = deviceChange('d', { lifeCycle: 'SHADOW' }, 3);
  const batch = batchOf(['d'], ['d'], ['d', deviceChange('d', { lifeCycle: 'REJECTED' }, 2)], ['d', shadow], ['d']);
  assert.deepEqual(
    (await sink.write(batch, lasting)).verdicts.map(({ is }) => is),
    ['reject', 'reject', 'accept', 'accept', 'accept'],
  );
  assert.deepEqual(
    directory.told.map(({ outcome }) => outcome.is),
    ['activated', 'rejected', 'activated'],
  );
  await fault({ kind: 'code', code: 2005, path: registration });
  await sink.write(batchOf(['e']), lasting);
  await fault({ kind: 'refuse', forMs: 60_000, path: registration });
  const gone = await sink.write(batchOf(['e', deviceChange('e', undefined, 2)]), lasting);
  assert.deepEqual([gone.verdicts, await state(), (await devices()).length], [[{ is: 'accept' }], 'ACTIVATED', 1]);
});
