import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startCloud } from '../harness/cloud.ts';
import { startDaemon } from '../harness/daemon.ts';
import { assertNothingLost } from '../harness/judge.ts';
import { startPublisher } from '../harness/publisher.ts';
import { compileShim } from '../harness/shim.ts';
import { untilStill, waitUntil } from '../harness/wait-until.ts';

async function onDyingCard(t: TestContext) {
  const cloud = await startCloud(t);
  const order = join(cloud.cloud.secretFile, '../fsync-fails');
  const env = {
    LD_PRELOAD: compileShim(join(import.meta.dirname, '../shims/disk-fault.c')),
    DISK_FAULT_FILE: order,
  };
  const daemon = await startDaemon(t, { config: { cloud: cloud.config }, env });
  const publisher = await startPublisher({ port: daemon.mqttPort, devices: 4 });
  await waitUntil('some acknowledgements', () => publisher.acknowledged.size > 50);
  return { cloud, daemon, publisher, order };
}

test('after one failed fsync the batch fails, the buffer opens again, and nothing acknowledged is lost', async (t) => {
  const { cloud, daemon, publisher, order } = await onDyingCard(t);
  const before = daemon.pid();
  writeFileSync(order, 'once');
  await waitUntil('the fsync to fail', () => !existsSync(order));
  await publisher.stop();
  const after = await startPublisher({ port: daemon.mqttPort, devices: 2, from: 1_000_000 });
  await waitUntil('acknowledgements to go on', () => after.acknowledged.size > 20);
  await after.stop();
  assert.equal(daemon.pid(), before);
  assert.match(daemon.printed(), /the buffer writer stopped; starting it again/);
  await assertNothingLost(daemon, cloud, new Set([...publisher.acknowledged, ...after.acknowledged]));
});

test('while no fsync succeeds nothing is acknowledged, and the daemon ends with 70 for systemd to start it again', async (t) => {
  const { cloud, daemon, publisher, order } = await onDyingCard(t);
  const ended = daemon.ended();
  writeFileSync(order, 'always');
  const soFar = await untilStill('the end of acknowledgements', () => publisher.acknowledged.size, 500);
  assert.equal(await ended, 70);
  await publisher.stop();
  assert.equal(publisher.acknowledged.size, soFar, 'acknowledged without an fsync');
  assert.doesNotMatch(daemon.printed(), /\n\s+at /);
  rmSync(order);
  await daemon.start();
  await assertNothingLost(daemon, cloud, publisher.acknowledged);
});
