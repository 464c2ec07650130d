import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionLimits } from '../../../../gateway/transports/mqtt/connection-limits.ts';

function open() {
  const clock = { now: 0, monoMs: () => clock.now, wallMs: () => 0 };
  const limits = new ConnectionLimits({ maxConnections: 100, maxPendingPerAddress: 2, connectTimeoutMs: 5000 }, clock);
  const ended: string[] = [];
  const admit = (name: string, address = 'a') => limits.admit(address, () => ended.push(name));
  return { clock, limits, ended, admit };
}

test('above the quota of an address the oldest silent connections get one second', () => {
  const { clock, limits, ended, admit } = open();
  for (const name of ['1', '2', '3', '4']) admit(name);
  clock.now = 999;
  limits.sweep();
  assert.deepEqual(ended, []);
  clock.now = 1000;
  limits.sweep();
  assert.deepEqual(ended, ['1', '2']);
});

test('within the quota a silent connection gets the connect timeout', () => {
  const { clock, limits, ended, admit } = open();
  admit('1');
  clock.now = 4999;
  limits.sweep();
  assert.deepEqual(ended, []);
  clock.now = 5000;
  limits.sweep();
  assert.deepEqual(ended, ['1']);
});

test('a connection that sent its CONNECT, and one of another address, is left alone', () => {
  const { clock, limits, ended, admit } = open();
  admit('1')?.identified();
  for (const name of ['2', '3']) admit(name);
  admit('4', 'b');
  clock.now = 1000;
  limits.sweep();
  assert.deepEqual(ended, []);
});

test('a connection counts until it left, and leaving twice counts once', () => {
  const { limits, admit } = open();
  const admitted = Array.from({ length: 100 }, (_, i) => admit(String(i)));
  assert.equal(admit('one more'), undefined);
  admitted[0]?.left();
  admitted[0]?.left();
  assert.equal(limits.connections, 99);
  assert.notEqual(admit('one more'), undefined);
});
