import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { nurseryBytes } from '../../../gateway/lib/nursery-bytes.ts';
import { shrinkWhenQuiet } from '../../../gateway/lib/shrink-when-quiet.ts';
import { waitUntil } from '../../harness/wait-until.ts';

const many = 1_000;
const mebibyte = 1024 * 1024;

/** Much survives a collection, as what is loaded at a start does. */
function start(): number {
  const kept = Array.from({ length: 300_000 }, (_, n) => ({ n, text: `module ${n}` }));
  assert.equal(kept.length, 300_000);
  return nurseryBytes();
}

test('a thread with little work gives its nursery back, until it has much; a busy one keeps it', async () => {
  const grown = start();
  assert.ok(grown >= 4 * mebibyte, `${grown} bytes after the start`);
  const worked = shrinkWhenQuiet({ firstMs: 20, everyMs: 20, pieces: many });
  const ends = Date.now() + 300;
  while (Date.now() < ends) {
    worked(many);
    await sleep(1);
  }
  assert.ok(nurseryBytes() >= 4 * mebibyte, `${nurseryBytes()} bytes beside work`);
  await waitUntil('the nursery to be small', () => nurseryBytes() <= 2 * mebibyte);
  await sleep(50);
  worked(many);
  assert.ok(nurseryBytes() <= 2 * mebibyte, `${nurseryBytes()} bytes after work that took its time`);
  worked(many);
  assert.ok(nurseryBytes() >= 4 * mebibyte, `${nurseryBytes()} bytes after much work at once`);
  await waitUntil('the nursery to be small again', () => nurseryBytes() <= 2 * mebibyte);
});
