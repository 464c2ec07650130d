import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { connectAsync } from 'mqtt';
import type { DeviceRecord } from '../../contracts/registry.ts';
import { startCloud } from '../harness/cloud.ts';
import { startDaemon } from '../harness/daemon.ts';
import { waitUntil } from '../harness/wait-until.ts';

const registration = '/v1.0/iot-03/3rdcloud';
const id = 'json:meters/hall';
const path = `/api/v1/devices/${encodeURIComponent(id)}`;

async function setUp(t: TestContext) {
  const cloud = await startCloud(t);
  const daemon = await startDaemon(t, { config: { cloud: cloud.config } });
  const headers = { authorization: `Bearer ${readFileSync(join(daemon.dataDir, 'admin-token'), 'utf8').trim()}` };
  const find = (): Promise<DeviceRecord> => daemon.api<DeviceRecord>(path);
  return {
    cloud,
    find,
    metrics: async (): Promise<string> => (await fetch(`http://127.0.0.1:${daemon.httpPort}/metrics`)).text(),
    become: async (lifeCycle: string): Promise<DeviceRecord> => {
      await waitUntil(`the device to be ${lifeCycle}`, async () => (await find()).lifeCycle === lifeCycle);
      return find();
    },
    send: async (method: string, below: string, body: object): Promise<number> => {
      const answer = await fetch(`http://127.0.0.1:${daemon.httpPort}${path}${below}`, {
        method,
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      await answer.text();
      return answer.status;
    },
    report: async (): Promise<void> => {
      const client = await connectAsync({ host: '127.0.0.1', port: daemon.mqttPort, clientId: 'meter' });
      await client.publishAsync('meters/hall', '{"temperature":21}', { qos: 1 });
      await client.endAsync();
    },
  };
}

test('a device is SHADOW while the cloud is away, ACTIVATED when it is back, follows its name there, and is removed', async (t) => {
  const { cloud, find, become, send, report, metrics } = await setUp(t);
  await cloud.fault({ kind: 'refuse', forMs: 600_000 });
  await report();
  assert.equal((await find()).lifeCycle, 'SHADOW');
  assert.equal(await send('PATCH', '', { name: 'Hall meter' }), 200);
  await cloud.clearFaults();
  const { cloudId } = await become('ACTIVATED');
  const atCloud = async () => (await cloud.devices()).find(({ device_id }) => device_id === cloudId);
  await waitUntil('the cloud to know the name', async () => (await atCloud())?.device_name === 'Hall meter');
  assert.equal(await send('POST', '/decommission', {}), 200);
  await waitUntil('the cloud to forget the device', async () => (await atCloud()) === undefined);
  assert.equal((await find()).lifeCycle, 'DECOMMISSIONED');
  assert.match(await metrics(), /portcullis_devices\{life_cycle="DECOMMISSIONED"\} 1\n/);
});

test('a refused device is REJECTED with a reason and what to do, and gets another try when it is changed', async (t) => {
  const { cloud, find, become, send, report } = await setUp(t);
  await cloud.fault({ kind: 'code', code: 2005, forMs: 600_000, path: registration });
  await report();
  const { refusal } = await become('REJECTED');
  assert.equal(refusal?.code, '2005');
  assert.match(refusal.suggestion, /product does not exist/i);
  await cloud.clearFaults();
  assert.equal(await send('PATCH', '', { profile: 'meter' }), 200);
  await become('ACTIVATED');
  assert.equal((await find()).refusal, undefined);
});
