import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCloud } from '../harness/cloud.ts';
import { startDaemon } from '../harness/daemon.ts';
import { assertNothingLost, compare, drained } from '../harness/judge.ts';
import { startPublisher } from '../harness/publisher.ts';

const rounds = 10;

test(`${rounds} times kill -9 under load: nothing acknowledged is missing, nothing takes effect twice`, async (t) => {
  const cloud = await startCloud(t);
  const daemon = await startDaemon(t, { config: { cloud: cloud.config } });
  const acknowledged = new Set<number>();
  for (let round = 0; round < rounds; round++) {
    const publisher = await startPublisher({
      port: daemon.mqttPort,
      devices: 8,
      from: round * 1_000_000,
      qos: round % 2 === 0 ? 1 : 2,
    });
    await sleep(300 + 70 * round);
    await daemon.kill();
    await publisher.stop();
    for (const n of publisher.acknowledged) acknowledged.add(n);
    await daemon.start();
  }
  await assertNothingLost(daemon, cloud, acknowledged);
  t.diagnostic(`${acknowledged.size} acknowledged over ${rounds} lives`);
});

test('the kill test would notice: a gateway that acknowledges before the commit loses messages', async (t) => {
  const cloud = await startCloud(t);
  const daemon = await startDaemon(t, {
    config: { cloud: cloud.config },
    env: { PORTCULLIS_BREAK: 'ack-before-commit' },
  });
  let missing = 0;
  for (let round = 0; round < 10 && missing === 0; round++) {
    const publisher = await startPublisher({ port: daemon.mqttPort, devices: 20, from: round * 1_000_000, pauseMs: 0 });
    await sleep(500);
    await daemon.kill();
    await publisher.stop();
    await daemon.start();
    await drained(daemon);
    missing = compare(publisher.acknowledged, await cloud.received()).missing.length;
  }
  assert.ok(missing > 0, 'the broken promise went unnoticed');
});
