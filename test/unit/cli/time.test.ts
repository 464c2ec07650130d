import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeIn } from '../../../gateway/cli/time.ts';

const now = Date.UTC(2026, 10, 21, 10);

test('a time on the command line is a moment or how long ago it was', () => {
  assert.equal(timeIn('90m', now), Date.UTC(2026, 10, 21, 8, 30));
  assert.equal(timeIn('2d', now), Date.UTC(2026, 10, 19, 10));
  assert.equal(timeIn('2026-11-20T06:00:00Z', now), Date.UTC(2026, 10, 20, 6));
});

test('a day that no calendar has is refused on the command line', () => {
  for (const text of ['2026-02-30', '2026-02-30T06:00', 'Feb 30 2026', '999999999999d']) {
    assert.throws(() => timeIn(text, now), { code: 'USAGE' }, text);
  }
});
