import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCloud } from '../harness/cloud.ts';
import { startDaemon } from '../harness/daemon.ts';
import { assertNothingLost } from '../harness/judge.ts';
import { startPublisher } from '../harness/publisher.ts';
import { waitUntil } from '../harness/wait-until.ts';

test('a clean shutdown under load ends with 0, without a stack trace, and loses nothing', async (t) => {
  const cloud = await startCloud(t);
  const daemon = await startDaemon(t, { config: { cloud: cloud.config } });
  const publisher = await startPublisher({ port: daemon.mqttPort, devices: 20, pauseMs: 0 });
  await waitUntil('load', () => publisher.acknowledged.size > 500);
  assert.equal(await daemon.stop(), 0);
  await publisher.stop();
  assert.doesNotMatch(daemon.printed(), /\n\s+at |ERROR|FATAL/);
  await daemon.start();
  await assertNothingLost(daemon, cloud, publisher.acknowledged);
});
