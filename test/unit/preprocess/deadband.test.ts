import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWithinDeadband } from '../../../gateway/preprocess/deadband.ts';

const maxSilenceMs = 60_000;
const kept = { value: 100, at: 0 };

test('a change up to the absolute or the relative band is left out', () => {
  assert.equal(isWithinDeadband(100.5, kept, { absolute: 0.5, maxSilenceMs }, 1), true);
  assert.equal(isWithinDeadband(100.6, kept, { absolute: 0.5, maxSilenceMs }, 1), false);
  assert.equal(isWithinDeadband(98, kept, { relative: 0.02, maxSilenceMs }, 1), true);
  assert.equal(isWithinDeadband(97, kept, { relative: 0.02, maxSilenceMs }, 1), false);
});

test('without a band only equal values are left out', () => {
  assert.equal(isWithinDeadband(100, kept, { maxSilenceMs }, 1), true);
  assert.equal(isWithinDeadband(true, { value: true, at: 0 }, { maxSilenceMs }, 1), true);
  assert.equal(isWithinDeadband(false, { value: true, at: 0 }, { maxSilenceMs }, 1), false);
  assert.equal(isWithinDeadband('100', kept, { absolute: 5, maxSilenceMs }, 1), false);
});

test('after the longest silence a value is kept, however equal', () => {
  assert.equal(isWithinDeadband(100, kept, { maxSilenceMs }, maxSilenceMs - 1), true);
  assert.equal(isWithinDeadband(100, kept, { maxSilenceMs }, maxSilenceMs), false);
});
