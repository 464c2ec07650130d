import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCloud } from '../harness/cloud.ts';
import { startDaemon } from '../harness/daemon.ts';
import { assertNothingLost } from '../harness/judge.ts';
import { startPublisher } from '../harness/publisher.ts';
import { compileShim } from '../harness/shim.ts';
import { waitUntil } from '../harness/wait-until.ts';

const day = 86_400;

test('a clock that jumps 10 years back and 30 days ahead neither loses nor expires nor repeats anything', async (t) => {
  const cloud = await startCloud(t);
  const shiftFile = join(cloud.cloud.secretFile, '../clock-shift');
  const setShift = (seconds: number): void => writeFileSync(shiftFile, String(seconds));
  setShift(0);
  const env = {
    LD_PRELOAD: compileShim(join(import.meta.dirname, '../shims/clock-shift.c')),
    CLOCK_SHIFT_FILE: shiftFile,
  };
  const daemon = await startDaemon(t, { config: { cloud: cloud.config, buffer: { maxAgeDays: 20 } }, env });
  const publisher = await startPublisher({ port: daemon.mqttPort, devices: 4, pauseMs: 5 });
  for (const shift of [-3_650 * day, 30 * day, 0]) {
    setShift(shift);
    const before = publisher.acknowledged.size;
    await waitUntil('acknowledgements to go on', () => publisher.acknowledged.size > before + 20);
    await sleep(500);
  }
  await publisher.stop();
  await assertNothingLost(daemon, cloud, publisher.acknowledged);
});

test('a gateway that boots in 2016 delivers, and what it kept is not expired when the clock is set', async (t) => {
  const cloud = await startCloud(t);
  const shiftFile = join(cloud.cloud.secretFile, '../clock-shift');
  writeFileSync(shiftFile, String(-3_650 * day));
  const env = {
    LD_PRELOAD: compileShim(join(import.meta.dirname, '../shims/clock-shift.c')),
    CLOCK_SHIFT_FILE: shiftFile,
  };
  await cloud.fault({ kind: 'refuse', forMs: 600_000 });
  const daemon = await startDaemon(t, { config: { cloud: cloud.config, buffer: { maxAgeDays: 20 } }, env });
  const publisher = await startPublisher({ port: daemon.mqttPort, devices: 4, pauseMs: 5 });
  await waitUntil('acknowledgements', () => publisher.acknowledged.size > 50);
  await publisher.stop();
  await daemon.kill();
  writeFileSync(shiftFile, '0');
  await daemon.start();
  await cloud.clearFaults();
  await assertNothingLost(daemon, cloud, publisher.acknowledged);
});
