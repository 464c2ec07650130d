import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wearPacer } from '../../../gateway/buffer/wear-pacer.ts';

const minute = 60_000;
const perDay = 1_440;

function setUp(commitsPerMinute: number, maxMs = 1_000) {
  let now = 0;
  const pacer = wearPacer({ maxMs, commitsPerDay: commitsPerMinute * perDay }, () => now);
  const commit = (times: number): void => {
    for (let n = 0; n < times; n++) pacer.committed();
  };
  return { pacer, commit, pass: (ms: number) => (now += ms) };
}

test('telemetry lingers once the last minute saw more commits than the card may take', () => {
  const { pacer, commit } = setUp(10);
  commit(10);
  assert.equal(pacer.lingerMs(), 0);
  commit(1);
  assert.equal(pacer.lingerMs(), 1_000);
});

test('a burst is forgotten by and by, and at once after a long silence', () => {
  const { pacer, commit, pass } = setUp(10);
  commit(20);
  pass(minute);
  assert.equal(pacer.lingerMs(), 1_000);
  pass(minute * 0.6);
  assert.equal(pacer.lingerMs(), 0);
  commit(20);
  pass(3 * minute);
  assert.equal(pacer.lingerMs(), 0);
});

test('without a linger nothing waits, whatever the rate', () => {
  const { pacer, commit } = setUp(1, 0);
  commit(1_000);
  assert.equal(pacer.lingerMs(), 0);
});
