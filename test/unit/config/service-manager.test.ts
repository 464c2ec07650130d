import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceManager } from '../../../gateway/config/service-manager.ts';

test('without a socket there is no service manager', () => {
  assert.equal(serviceManager({}), undefined);
  assert.equal(serviceManager({ NOTIFY_SOCKET: '', WATCHDOG_USEC: '1000000' }), undefined);
});

test('the watchdog is told in microseconds, and may be meant for another process', () => {
  const env = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '90000000' };
  assert.deepEqual(serviceManager(env), { socket: '/run/systemd/notify', watchdogMs: 90_000 });
  assert.equal(serviceManager({ ...env, WATCHDOG_PID: '7' }, 7)?.watchdogMs, 90_000);
  assert.equal(serviceManager({ ...env, WATCHDOG_PID: '7' }, 8)?.watchdogMs, undefined);
  assert.equal(serviceManager({ ...env, WATCHDOG_USEC: 'soon' })?.watchdogMs, undefined);
});
