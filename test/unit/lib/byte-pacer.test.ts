import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytePacer } from '../../../gateway/lib/byte-pacer.ts';

test('within the rate nobody waits, a second can be saved up and no more, and what is over is waited for', () => {
  let now = 0;
  const waitFor = bytePacer(1_000, { monoMs: () => now, wallMs: () => now });
  assert.equal(waitFor(1_000), 0);
  assert.equal(waitFor(500), 500);
  now = 500;
  assert.equal(waitFor(250), 250);
  now = 60_000;
  assert.equal(waitFor(1_000), 0);
  assert.equal(waitFor(1_000), 1_000);
});
