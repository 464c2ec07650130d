import assert from 'node:assert/strict';
import { test } from 'node:test';
import { livedTime } from '../../../gateway/lib/lived-time.ts';

test('a jump of the wall clock while the gateway runs makes nothing older', () => {
  const clock = { wall: 1_000, mono: 50, wallMs: () => clock.wall, monoMs: () => clock.mono };
  const time = livedTime(undefined, clock, 'put');
  clock.wall += 1e12;
  clock.mono += 10;
  assert.equal(time.now(), 10);
});

test('time without power counts as far as the wall clock knows it, and never backwards', () => {
  const saved = { lived_ms: 5_000, wall_ms: 100_000 };
  const at = (wall: number) => livedTime(saved, { wallMs: () => wall, monoMs: () => 7 }, 'put').now();
  assert.equal(at(130_000), 35_000);
  assert.equal(at(40_000), 5_000);
});
