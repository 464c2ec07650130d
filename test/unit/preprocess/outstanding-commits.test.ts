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
  outstanding.end(first, 3);
  await Promise.resolve();
  clock.now += 7;
  assert.equal(outstanding.youngestMs, 7);
  clock.now += 14;
  outstanding.end(second, 4);
  await Promise.resolve();
  assert.deepEqual(ended, [
    { answered: 3, tookMs: 25, isQuiet: false },
    { answered: 4, tookMs: 21, isQuiet: true },
  ]);
  assert.equal(outstanding.youngestMs, undefined);
});

test('what ends in one turn was one commit', async () => {
  const { ended, clock, outstanding } = openRig();
  const began = [outstanding.begin(), outstanding.begin()];
  clock.now += 20;
  for (const since of began) outstanding.end(since, 2);
  await outstanding.quiet();
  assert.deepEqual(ended, [{ answered: 4, tookMs: 20, isQuiet: true }]);
});
