import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDuplicate } from '../../../gateway/preprocess/dedupe.ts';

const seen = { value: 21.5, at: 1_000, ts: undefined };

test('the same value within the window is a duplicate, later or different it is not', () => {
  assert.equal(isDuplicate({ ...seen, at: 1_400 }, seen, 'telemetry', 500), true);
  assert.equal(isDuplicate({ ...seen, at: 1_501 }, seen, 'telemetry', 500), false);
  assert.equal(isDuplicate({ ...seen, value: 21.6 }, seen, 'telemetry', 500), false);
  assert.equal(isDuplicate(seen, undefined, 'telemetry', 500), false);
});

test('two source times are two samples, the same source time is one', () => {
  const sampled = { ...seen, ts: 5 };
  assert.equal(isDuplicate({ ...sampled, ts: 6 }, sampled, 'telemetry', 500), false);
  assert.equal(isDuplicate(sampled, sampled, 'telemetry', 500), true);
});

test('a button may be pressed twice, unless the source says that it was once', () => {
  const pressed = { value: 'single', at: 0, ts: undefined };
  assert.equal(isDuplicate(pressed, pressed, 'event', 500), false);
  assert.equal(isDuplicate({ ...pressed, ts: 5 }, { ...pressed, ts: 5 }, 'event', 500), true);
});
