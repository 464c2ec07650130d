import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acknowledgedBefore, lostOf } from '../../../bench/peers/lost.ts';

test('only what was answered before the moment was promised, and of that what never came is lost', () => {
  const answered = new Map([
    [1, 10n],
    [2, 20n],
    [3, 30n],
    [4, 40n],
  ]);
  const promised = acknowledgedBefore(answered, 30n);
  assert.deepEqual([...promised], [1, 2]);
  assert.deepEqual(lostOf(promised, new Set([2, 3, 9])), { lost: 1, of: 2 });
  assert.deepEqual(lostOf(acknowledgedBefore(answered, 5n), new Set()), { lost: 0, of: 0 });
});
