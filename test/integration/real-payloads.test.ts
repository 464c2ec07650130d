import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectAsync } from 'mqtt';
import { openHouse } from '../../simulator/house/house.ts';
import { startDaemon, type Daemon } from '../harness/daemon.ts';
import { waitUntil } from '../harness/wait-until.ts';

const folder = join(import.meta.dirname, '../fixtures/payloads');
const corpus = ['zigbee2mqtt', 'tasmota', 'shelly_gen1', 'shelly_gen2', 'esphome_ha', 'rtl_433', 'theengs_omg'];

interface Devices {
  readonly total: number;
  readonly devices: readonly { readonly id: string }[];
}

const devicesOf = async (daemon: Daemon): Promise<string[]> =>
  (await daemon.api<Devices>('/api/v1/devices?limit=1000')).devices.map(({ id }) => id);

async function publishAll({ mqttPort: port }: Daemon, name: string): Promise<void> {
  const client = await connectAsync({ host: '127.0.0.1', port, clientId: `source-of-${name}`, reconnectPeriod: 0 });
  for (const line of readFileSync(join(folder, `${name}.jsonl`), 'utf8')
    .trim()
    .split('\n')) {
    const { topic, payload } = JSON.parse(line) as { topic: string; payload: unknown };
    await client.publishAsync(topic, typeof payload === 'string' ? payload : JSON.stringify(payload), { qos: 1 });
  }
  await client.endAsync();
}

test('real payloads of seven sources: nothing is dead-lettered, no client and no command becomes a device', async (t) => {
  const daemon = await startDaemon(t);
  for (const name of corpus) await publishAll(daemon, name);
  const { deadLetters } = await daemon.api<{ deadLetters: { topic: string }[] }>('/api/v1/dead-letters');
  assert.deepEqual(
    deadLetters.map(({ topic }) => topic),
    [],
  );
  const devices = await devicesOf(daemon);
  assert.deepEqual(
    devices.filter((id) => /source-of|plugin:|cmnd|command/.test(id)),
    [],
  );
  for (const id of ['Nexus-TH/2/177', 'Acurite-5n1/C/2662', 'A4:C1:38:9F:31:C2', 'home/OMG_hall']) {
    assert.ok(devices.includes(`json:${id}`), `${id} is not among ${devices.join(', ')}`);
  }
  const { balanced } = await daemon.api<{ balanced: boolean }>('/api/v1/ledger');
  assert.ok(balanced);
});

test('the simulated house has as many devices in the ledger as it has, and the bridge with its coordinator', async (t) => {
  const daemon = await startDaemon(t);
  const house = await openHouse({ host: '127.0.0.1', port: daemon.mqttPort, rate: 50 });
  await waitUntil('every device to report', async () => (await devicesOf(daemon)).length >= house.devices + 2);
  await house[Symbol.asyncDispose]();
  const devices = await devicesOf(daemon);
  assert.equal(devices.length, house.devices + 2, devices.join(', '));
});
