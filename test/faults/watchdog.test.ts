import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startDaemon } from '../harness/daemon.ts';
import { openNotifySocket } from '../harness/notify-socket.ts';
import { compileShim } from '../harness/shim.ts';
import { untilStill, waitUntil } from '../harness/wait-until.ts';

/** A third of it passes between two signs. */
const watchdogUsec = '900000';

test('systemd hears when the gateway is ready, that it lives while it can commit, and when it stops', async (t) => {
  const socket = await openNotifySocket(t);
  if (socket === undefined) return;
  const order = `${socket.path}-hangs`;
  const daemon = await startDaemon(t, {
    env: {
      NOTIFY_SOCKET: socket.path,
      WATCHDOG_USEC: watchdogUsec,
      LD_PRELOAD: compileShim(join(import.meta.dirname, '../shims/disk-fault.c')),
      DISK_FAULT_FILE: order,
    },
  });
  const signs = (): number => socket.heard().filter((state) => state === 'WATCHDOG=1').length;
  await waitUntil('signs of life', () => signs() > 1);
  assert.equal(socket.heard()[0], 'READY=1');

  writeFileSync(order, 'hang');
  const before = await untilStill('the end of signs while no commit comes through', signs, 2_500);
  rmSync(order);
  await waitUntil('signs of life again', () => signs() > before);

  process.kill(daemon.pid(), 'SIGSTOP');
  const stalled = await untilStill('the end of signs while the event loop stands still', signs, 2_500);
  process.kill(daemon.pid(), 'SIGCONT');
  await waitUntil('signs of life once more', () => signs() > stalled);

  assert.equal(await daemon.stop(), 0);
  await waitUntil('the word of stopping', () => socket.heard().includes('STOPPING=1'));
});
