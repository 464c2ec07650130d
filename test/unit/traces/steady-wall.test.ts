import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steadyWall } from '../../../gateway/traces/steady-wall.ts';

test('a clock of whole milliseconds is read with the fractions of the monotonic one, and is never behind an earlier reading', () => {
  let mono = 0.4;
  const now = steadyWall({ wallMs: () => Math.floor(1_000 + mono), monoMs: () => mono });
  let last = now();
  for (; mono < 20; mono += 0.17) {
    const read = now();
    assert.ok(read >= last && Math.abs(read - (1_000 + mono)) < 1, `${read} at ${1_000 + mono}`);
    last = read;
  }
  const [first] = [now(), (mono += 0.25)];
  assert.ok(now() - first >= 0.25 - 1e-9);
});

test('a wall clock that is set, either way, is followed', () => {
  const clock = { wall: 1_000_000, mono: 0 };
  const now = steadyWall({ wallMs: () => clock.wall, monoMs: () => clock.mono });
  assert.equal(now(), 1_000_000);
  clock.wall = 900_000;
  assert.equal(now(), 900_000);
  clock.wall = 2_000_000;
  assert.equal(now(), 2_000_000);
});
