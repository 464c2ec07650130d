import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { boundNursery } from '../../../gateway/lib/bound-nursery.ts';
import { nurseryBytes } from '../../../gateway/lib/nursery-bytes.ts';

const mebibyte = 1024 * 1024;

/** Garbage of which much survives a collection, as messages do that wait for their commit. */
async function work(turns: number): Promise<number> {
  let largest = 0;
  for (let i = 0; i < turns; i++) {
    const waiting = Array.from({ length: 20_000 }, (_, n) => ({ n, text: `${i} ${n}` }));
    largest = Math.max(largest, nurseryBytes());
    assert.equal(waiting.length, 20_000);
    await turn();
  }
  return largest;
}

test('a nursery stays near its bound under load, and grows beyond it without', async () => {
  const bound = boundNursery(8 * mebibyte);
  const bounded = await work(150);
  bound[Symbol.dispose]();
  const unbounded = await work(150);
  assert.ok(bounded >= 4 * mebibyte && bounded <= 32 * mebibyte, `${bounded} bytes`);
  assert.ok(unbounded > bounded, `${unbounded} bytes`);
});
