import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../../gateway/lib/clock.ts';
import { ConnectionLimits } from '../../../../gateway/transports/mqtt/connection-limits.ts';
import { defaultLimits } from '../../../../gateway/transports/mqtt/options.ts';

test('an unclaimed gateway takes connections of its own machine only, a claimed one of the network', () => {
  let isClosed = true;
  const limits = new ConnectionLimits(defaultLimits, systemClock, () => isClosed);
  const isTaken = (address: string): boolean => limits.admit(address, () => undefined) !== undefined;
  assert.deepEqual(['127.0.0.1', '::1', '::ffff:127.0.0.1'].map(isTaken), [true, true, true]);
  assert.deepEqual(['192.168.1.7', '::ffff:192.168.1.7', 'fe80::1', ''].map(isTaken), [false, false, false, false]);
  isClosed = false;
  assert.equal(isTaken('192.168.1.7'), true);
});
