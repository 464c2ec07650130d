import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cloudFaults, startCloud } from '../harness/cloud.ts';
import { startDaemon } from '../harness/daemon.ts';
import { assertNothingLost, compare, drained } from '../harness/judge.ts';
import { startPublisher } from '../harness/publisher.ts';
import { waitUntil } from '../harness/wait-until.ts';

test('a cloud that refuses, fails, throttles, loses answers, forgets tokens and hangs gets everything, once', async (t) => {
  const cloud = await startCloud(t);
  const daemon = await startDaemon(t, { config: { cloud: cloud.config } });
  const acknowledged = new Set<number>();
  for (const [round, fault] of cloudFaults.entries()) {
    const publisher = await startPublisher({ port: daemon.mqttPort, devices: 4, from: round * 1_000_000, pauseMs: 5 });
    await sleep(200);
    await cloud.fault(fault);
    await sleep(1_000);
    await publisher.stop();
    for (const n of publisher.acknowledged) acknowledged.add(n);
  }
  await cloud.clearFaults();
  await assertNothingLost(daemon, cloud, acknowledged);
  t.diagnostic(`${acknowledged.size} acknowledged through ${cloudFaults.length} kinds of fault`);
});

test('the cloud test would notice: a gateway that settles before the cloud answered loses records', async (t) => {
  const cloud = await startCloud(t);
  const daemon = await startDaemon(t, {
    config: { cloud: cloud.config },
    env: { PORTCULLIS_BREAK: 'settle-before-ack' },
  });
  await cloud.fault({ kind: 'refuse', forMs: 600_000 });
  const publisher = await startPublisher({ port: daemon.mqttPort, devices: 4, pauseMs: 5 });
  await waitUntil('acknowledgements', () => publisher.acknowledged.size > 50);
  await publisher.stop();
  await waitUntil('records to be settled that nobody took', async () => {
    const { sinks } = await daemon.api<{ sinks: { delivered: number }[] }>('/api/v1/ledger');
    return sinks.some(({ delivered }) => delivered > 30);
  });
  await cloud.clearFaults();
  await drained(daemon);
  const { missing } = compare(publisher.acknowledged, await cloud.received());
  assert.ok(missing.length > 0, 'the broken promise went unnoticed');
});
