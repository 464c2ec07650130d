import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startCloud } from '../harness/cloud.ts';
import { startDaemon } from '../harness/daemon.ts';
import { startHook } from '../harness/hook.ts';
import { assertNothingLost } from '../harness/judge.ts';
import { startPublisher } from '../harness/publisher.ts';
import { post } from '../harness/post.ts';
import { smallDisk } from '../harness/shim.ts';
import { untilStill, waitUntil } from '../harness/wait-until.ts';

const megabytes = 24;

interface Alarms {
  readonly alarms: readonly { readonly code: string }[];
}

test('a full disk holds acknowledgements, says so, also to people, and nothing acknowledged is lost once there is room again', async (t) => {
  const dataDir = smallDisk(t, megabytes);
  if (dataDir === undefined) return;
  const cloud = await startCloud(t);
  await cloud.fault({ kind: 'refuse', forMs: 600_000 });
  const hook = await startHook(t);
  const notify = { fallback: ['Ann'], channels: { hook: hook.channel } };
  const daemon = await startDaemon(t, { dataDir, config: { cloud: cloud.config, notify } });
  await post(daemon, '/api/v1/contacts', { name: 'Ann', ways: [{ channel: 'hook' }], least: 'critical' });
  const hasAlarm = async (): Promise<boolean> => {
    const { alarms } = await daemon.api<Alarms>('/api/v1/alarms');
    return alarms.some(({ code }) => code === 'disk-full');
  };

  const publisher = await startPublisher({ port: daemon.mqttPort, devices: 8, pauseMs: 0 });
  await waitUntil('acknowledgements', () => publisher.acknowledged.size > 50);
  const ballast = join(dataDir, 'ballast');
  await writeFile(ballast, Buffer.alloc(megabytes * 1024 * 1024)).catch((error: NodeJS.ErrnoException) => {
    assert.equal(error.code, 'ENOSPC');
  });
  await waitUntil('the alarm', hasAlarm);
  await hook.has(1);
  assert.match(hook.taken[0] ?? '', /raised disk-full$/);
  const before = await untilStill('the end of acknowledgements', () => publisher.acknowledged.size);

  await rm(ballast);
  await waitUntil('acknowledgements to go on', () => publisher.acknowledged.size > before);
  await waitUntil('the alarm to clear', async () => !(await hasAlarm()));
  await publisher.stop();
  await cloud.clearFaults();
  await assertNothingLost(daemon, cloud, publisher.acknowledged);
});
