import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoginLimits } from '../../../gateway/lib/login-limits.ts';

test('five failures lock a user out from one address, for a minute', () => {
  const limits = new LoginLimits();
  for (let now = 0; now < 5; now++) {
    assert.equal(limits.isLocked('a', 'lamp', now), false);
    limits.failed('a', 'lamp', now);
  }
  assert.equal(limits.isLocked('a', 'lamp', 60_003), true);
  assert.equal(limits.isLocked('a', 'lamp', 60_004), false);
  assert.equal(limits.isLocked('b', 'lamp', 10), false, 'from elsewhere');
});

test('fifty failures with any names lock the address out', () => {
  const limits = new LoginLimits();
  for (let i = 0; i < 50; i++) limits.failed('a', `user ${i}`, i);
  assert.equal(limits.isLocked('a', 'never tried', 100), true);
});

test('failures further apart than the window never lock', () => {
  const limits = new LoginLimits();
  for (let i = 0; i < 100; i++) limits.failed('a', 'lamp', i * 20_000);
  assert.equal(limits.isLocked('a', 'lamp', 100 * 20_000), false);
});

test('a login that succeeds forgets the failures of that user', () => {
  const limits = new LoginLimits();
  for (let i = 0; i < 4; i++) limits.failed('a', 'lamp', i);
  limits.succeeded('a', 'lamp');
  limits.failed('a', 'lamp', 5);
  assert.equal(limits.isLocked('a', 'lamp', 6), false);
});
