import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CallQuota } from '../../../../gateway/delivery/tuya/quota.ts';

test('over any stretch of time no more calls go out than the burst and the rate allow', () => {
  const waits = fc.array(fc.nat(400), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(waits, fc.integer({ min: 1, max: 50 }), (pauses, perSecond) => {
      const burst = Math.max(2, perSecond);
      const quota = new CallQuota({ perSecond, burst }, 0);
      let now = 0;
      const calls: number[] = [];
      for (const ms of pauses) {
        now += ms;
        calls.push(now + quota.take(now, true));
      }
      calls.sort((a, b) => a - b);
      calls.forEach((first, i) => {
        calls.slice(i).forEach((last, n) => {
          const allowed = burst + ((last - first) / 1_000) * perSecond;
          assert.ok(n + 1 <= allowed + 1, `${n + 1} calls in ${last - first} ms at ${perSecond}/s`);
        });
      });
    }),
  );
});

test('a part of the burst is kept for urgent calls', () => {
  const quota = new CallQuota({ perSecond: 10, burst: 10 }, 0);
  assert.equal(quota.available(0, false), 8);
  for (let i = 0; i < 8; i++) assert.equal(quota.take(0, false), 0);
  assert.ok(quota.take(0, false) > 0);
  quota.giveBack();
  assert.equal(quota.take(0, true), 0);
});

test('a call that was not made does not count', () => {
  const quota = new CallQuota({ perSecond: 1, burst: 2 }, 0);
  quota.take(0, true);
  quota.take(0, true);
  const waitMs = quota.take(0, true);
  quota.giveBack();
  assert.equal(waitMs, 1_000);
  assert.equal(quota.take(1_000, true), 0);
});
