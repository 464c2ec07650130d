import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectAsync } from 'mqtt';
import { startDaemon } from '../harness/daemon.ts';

test('what reports before its discovery is one device afterwards: Tasmota, Zigbee2MQTT, and after a rename', async (t) => {
  const daemon = await startDaemon(t);
  const client = await connectAsync(`mqtt://127.0.0.1:${daemon.mqttPort}`, { reconnectPeriod: 0 });
  t.after(() => client.endAsync(true));
  const send = async (topic: string, payload: unknown): Promise<void> => {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    await client.publishAsync(topic, text, { qos: 1 });
  };
  const devices = async (): Promise<readonly string[]> => {
    const { devices: rows } = await daemon.api<{ devices: readonly { id: string }[] }>('/api/v1/devices');
    return rows.map(({ id }) => id);
  };

  await send('tele/pantry/LWT', 'Online');
  await send('tele/pantry/STATE', { POWER: 'ON' });
  assert.deepEqual(await devices(), ['tasmota:pantry']);
  const config = {
    t: 'pantry',
    ft: '%prefix%/%topic%/',
    tp: ['cmnd', 'stat', 'tele'],
    mac: '98CDAC112233',
    dn: 'Pantry',
  };
  await send('tasmota/discovery/98CDAC112233/config', config);
  await send('tele/pantry/STATE', { POWER: 'OFF' });
  assert.deepEqual(await devices(), ['tasmota:98CDAC112233']);

  const address = '0x00158d0001a2b3c4';
  const listed = (name: string): unknown => [{ ieee_address: address, friendly_name: name, type: 'EndDevice' }];
  await send('zigbee2mqtt/hall', { temperature: 20 });
  await send('zigbee2mqtt/bridge/devices', listed('hall'));
  assert.deepEqual(await devices(), ['tasmota:98CDAC112233', `z2m:${address}`]);
  // Renamed: the first state under the new name overtakes the list.
  await send('zigbee2mqtt/corridor', { temperature: 21 });
  assert.equal((await devices()).length, 3);
  await send('zigbee2mqtt/bridge/devices', listed('corridor'));
  await send('zigbee2mqtt/corridor', { temperature: 22 });
  assert.deepEqual(await devices(), ['tasmota:98CDAC112233', `z2m:${address}`]);
  const ledger = await daemon.api<{ balanced: boolean }>('/api/v1/ledger');
  assert.equal(ledger.balanced, true);
});
