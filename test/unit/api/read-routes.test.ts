import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRoutes, type ReadModel } from '../../../gateway/api/read-routes.ts';

const line = {
  sink: 'tuya',
  accepted: 1,
  delivered: 1,
  buffered: 0,
  filtered: 0,
  expired: 0,
  evicted: 0,
  deadLettered: 0,
  predates: 0,
  balanced: true,
};

async function ask(path: string, model: Partial<ReadModel>): Promise<unknown> {
  const found = readRoutes(model as ReadModel).find((route) => route.path === path);
  assert.ok(found);
  return found.handle(found.input.parse({}));
}

test('what names no device is in the ledger and is no device', async () => {
  const devices = [
    { ...line, device: 'z2m:0x01' },
    { ...line, device: 'plugin:shelly' },
  ];
  const ledger = async () => ({ balanced: true, sinks: [line], devices, reasons: [], outages: [] });
  const { total, devices: listed } = (await ask('/api/v1/devices', { ledger })) as {
    total: number;
    devices: unknown[];
  };
  assert.equal(total, 1);
  assert.deepEqual(listed, [{ id: 'z2m:0x01', accepted: 1, buffered: 0, sinks: [line] }]);
});

test('the sample of a dead letter is text where it is text, also when it was cut inside a character', async () => {
  const samples = [Buffer.from('on'), Buffer.from('21 °').subarray(0, 4), Buffer.from([0xff, 0xfe])];
  const deadLetters = async () => samples.map((sample) => ({ sample }));
  assert.deepEqual(await ask('/api/v1/dead-letters', { deadLetters }), {
    deadLetters: [
      { sample: 'on', sampleEncoding: 'utf-8' },
      { sample: '21 ', sampleEncoding: 'utf-8' },
      { sample: '//4=', sampleEncoding: 'base64' },
    ],
  });
});
