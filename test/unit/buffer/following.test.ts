import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { followCommits } from '../../../gateway/buffer/following.ts';

/** A follower with one step to do, beside a thread that is busy or not; time is the test's. */
function follow(t: TestContext, isBusy: () => boolean) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const steps: number[] = [];
  const step = () => Promise.resolve({ more: false, followed: steps.push(1), nextLsn: 2 });
  const following = followCommits({ step, isBusy, log: pino({ level: 'silent' }) });
  t.after(() => following[Symbol.dispose]());
  following.due();
  return { following, steps, pass: (ms: number) => t.mock.timers.tick(ms) };
}

test('history waits while others are busy, and follows as soon as they are not', (t) => {
  let busy = true;
  const { steps, pass } = follow(t, () => busy);
  for (let i = 0; i < 5; i++) pass(500);
  assert.equal(steps.length, 0);
  busy = false;
  pass(500);
  assert.equal(steps.length, 1);
});

test('history follows after ten seconds although others are busy all the time', (t) => {
  const { steps, pass } = follow(t, () => true);
  for (let i = 0; i < 20; i++) pass(500);
  assert.equal(steps.length, 0);
  pass(500);
  assert.equal(steps.length, 1);
});

test('a question is answered from all that was committed, although others are busy', async (t) => {
  const { following, steps } = follow(t, () => true);
  await following.caughtUp();
  assert.ok(steps.length > 0);
});
