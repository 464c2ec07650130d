import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { stringify } from 'yaml';
import { ensurePrograms } from '../../scripts/debian-packages.mjs';
import { startCloud } from '../harness/cloud.ts';
import { assertNothingLost } from '../harness/judge.ts';
import { startPublisher } from '../harness/publisher.ts';
import { builtImage, makeBoard } from './board.ts';

const tools = { 'qemu-system-aarch64': 'qemu-system-arm', mcopy: 'mtools' };
const messages = 200;

/** This machine, as the board sees it. */
const here = '10.0.2.2';

test('a board boots the image, is claimed, delivers, and loses nothing acknowledged when its power is cut under load', async (t) => {
  const missing = ensurePrograms(tools, (sentence) => t.diagnostic(sentence));
  const image = builtImage();
  const because =
    missing?.command ??
    (image === undefined ? 'npm run cross-build -- --arch arm64 --image builds the image' : undefined);
  if (because !== undefined || image === undefined) {
    if (process.env['CI'] === 'true') throw new Error(because);
    return t.skip(because);
  }
  const { cloud, config, ...rest } = await startCloud(t);
  const tuya = { ...config.tuya, endpoint: cloud.url.replace('127.0.0.1', here) };
  const credentials = '/run/credentials/portcullis.service/secret_';
  const board = await makeBoard(t, image, {
    'secrets/tuya': readFileSync(cloud.secretFile, 'utf8'),
    'secrets/ca': cloud.ca,
    'portcullis.yaml': stringify({
      dataDir: '/var/lib/portcullis',
      claim: { codeFile: `${credentials}claim` },
      mqtt: { host: '0.0.0.0', anonymous: true },
      http: { host: '0.0.0.0' },
      cloud: { tuya: { ...tuya, secretFile: `${credentials}tuya`, ca: `${credentials}ca` } },
    }),
  });

  const bootSeconds = await board.boot();
  const code = /enter the claim code ([A-Z0-9]{8})/.exec(board.console())?.[1] ?? '';
  assert.notEqual(code, '', board.console());
  assert.match(board.console(), /open http:\/\/gw-[0-9a-f]{4}\.local:8080/);
  assert.match(board.console(), /root file system: 3\.\dG/);
  assert.deepEqual(await board.api('/api/v1/claim'), { claimed: false });
  const port = board.mqttPort;
  // Without a second try: the connection is ended at once.
  await assert.rejects(connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0 }, false));
  const { adminToken } = await board.api<{ adminToken: string }>('/api/v1/claim', { code });
  assert.ok(adminToken.length > 20);

  const acknowledged = new Set<number>();
  const device = await connectAsync({ host: '127.0.0.1', port, clientId: 'fault-first' });
  const start = performance.now();
  for (let n = 0; n < messages; n += 1) {
    await device.publishAsync('fault/first/state', JSON.stringify({ n, temperature: 20 }), { qos: 1 });
    acknowledged.add(n);
  }
  const publishSeconds = (performance.now() - start) / 1_000;
  await device.endAsync();

  const publisher = await startPublisher({ port, devices: 4, from: 1_000_000 });
  await sleep(5_000);
  await board.cutPower();
  await publisher.stop();
  for (const n of publisher.acknowledged) acknowledged.add(n);
  assert.equal(board.readCard('claim-code.txt').trim(), code);
  const secondBootSeconds = await board.boot();
  assert.deepEqual(await board.api('/api/v1/claim'), { claimed: true });
  await assertNothingLost(board, { cloud, config, ...rest }, acknowledged);
  const metrics = { bootSeconds, secondBootSeconds, publishSeconds, acknowledged: acknowledged.size };
  t.diagnostic(JSON.stringify({ ...metrics, imageMiB: Math.round(statSync(image).size / 2 ** 20) }));
});
