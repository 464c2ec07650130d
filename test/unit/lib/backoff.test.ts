import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backoffMs, defaultBackoff } from '../../../gateway/lib/backoff.ts';

const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('a delay is never below the floor nor above the ceiling', () => {
  fc.assert(
    fc.property(fc.nat(10_000), draw, (attempt, random) => {
      const ms = backoffMs(attempt, defaultBackoff, () => random);
      assert.ok(ms >= defaultBackoff.floorMs && ms <= defaultBackoff.ceilingMs, String(ms));
    }),
  );
});

test('the span doubles with each attempt until the ceiling, and the draw covers all of it', () => {
  const policy = { firstMs: 100, ceilingMs: 1_000, floorMs: 0, stableMs: 0 };
  const longest = [0, 1, 2, 3, 4, 5].map((attempt) => backoffMs(attempt, policy, () => 0.999_999));
  assert.deepEqual(longest, [100, 200, 400, 800, 1_000, 1_000]);
  assert.equal(
    backoffMs(5, policy, () => 0),
    0,
  );
});
