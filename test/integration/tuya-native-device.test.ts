import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCloud } from '../harness/cloud.ts';
import { startDaemon } from '../harness/daemon.ts';
import { waitUntil } from '../harness/wait-until.ts';

test('a device that only the cloud knows appears in the gateway, and nothing of it goes back to the cloud', async (t) => {
  const { config, mock, devices } = await startCloud(t);
  const daemon = await startDaemon(t, { config: { cloud: config } });
  const properties = [{ code: 'doorcontact_state', value: true, time: Date.now() }];
  await mock('POST', 'messages', { protocol: 1000, data: { bizCode: 'x', bizData: { devId: 'native1', properties } } });
  const delivered = async (): Promise<number> => {
    const ledger = await daemon.api<{ devices: { delivered: number }[] }>('/api/v1/ledger?device=tuya:native1');
    return ledger.devices[0]?.delivered ?? 0;
  };
  await waitUntil('its record is settled', async () => (await delivered()) > 0);
  assert.deepEqual(await devices(), []);
});
