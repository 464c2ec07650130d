import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndedCommits } from '../../../gateway/preprocess/company.ts';
import { outstandingCommits } from '../../../gateway/preprocess/outstanding-commits.ts';

function openRig() {
  const ended: EndedCommits[] = [];
  const clock = { now: 1_000 };
  const outstanding = outstandingCommits(
    (commits) => void ended.push(commits),
    () => clock.now,
  );
  return { ended, clock, outstanding };
}

test('the disk does one commit after the other: the second took from the end of the first', async () => {
  const { ended, clock, outstanding } = openRig();
  const first = outstanding.begin();
  clock.now += 5;
  const second = outstanding.begin();
  clock.now += 20;
  outstanding.end(first, ['a', 'b', 'a']);
  await Promise.resolve();
  clock.now += 7;
  assert.equal(outstanding.youngestMs, 7);
  clock.now += 14;
  outstanding.end(second, ['c']);
  await Promise.resolve();
  assert.deepEqual(ended, [
    { answered: ['a', 'b', 'a'], tookMs: 25, isQuiet: false },
    { answered: ['c'], tookMs: 21, isQuiet: true },
  ]);
  assert.equal(outstanding.youngestMs, undefined);
});

test('what ends in one turn was one commit', async () => {
  const { ended, clock, outstanding } = openRig();
  const began = [outstanding.begin(), outstanding.begin()];
  clock.now += 20;
  for (const since of began) outstanding.end(since, ['a', 'b']);
  await outstanding.quiet();
  assert.deepEqual(ended, [{ answered: ['a', 'b', 'a', 'b'], tookMs: 20, isQuiet: true }]);
});
