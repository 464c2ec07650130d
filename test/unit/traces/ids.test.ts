import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childId, isSampled, rootOf, traceparent } from '../../../gateway/traces/ids.ts';

const origins = Array.from({ length: 2_000 }, (_, n) => ({
  topic: `home/${n % 7}/state`,
  receivedAt: 1_750_000_000_000 + n,
}));

test('the same message has the same trace wherever it is looked at; another message or gateway has another', () => {
  const origin = { topic: 'home/a/state', receivedAt: 1_750_000_000_123 };
  assert.deepEqual(rootOf('attic', origin), rootOf('attic', { ...origin }));
  const others = [
    rootOf('cellar', origin),
    rootOf('attic', { ...origin, receivedAt: origin.receivedAt + 1 }),
    rootOf('attic', { ...origin, topic: 'home/b/state' }),
  ];
  assert.equal(new Set([rootOf('attic', origin), ...others].map(({ traceId }) => traceId)).size, 4);
});

test('ids and header have the form of W3C Trace Context', () => {
  const root = rootOf('attic', { topic: 'ü', receivedAt: 1 });
  const own = childId(root, 'decode');
  assert.match(traceparent(root, own, true), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  assert.match(traceparent(root, own, false), /-00$/);
  assert.notEqual(own, childId(root, 'commit'));
  assert.notEqual(own, root.spanId);
});

test('a share of the messages is sampled, a larger share has all of a smaller one, and 1 has every message', () => {
  const roots = origins.map((origin) => rootOf('attic', origin));
  const sampled = (ratio: number) => new Set(roots.filter((root) => isSampled(root, ratio)));
  const [few, some, all] = [sampled(0.05), sampled(0.3), sampled(1)];
  assert.ok(few.size > 50 && few.size < 160, `${few.size} of 2000 at 0.05`);
  assert.ok(some.size > 500 && some.size < 700, `${some.size} of 2000 at 0.3`);
  assert.ok(few.isSubsetOf(some));
  assert.equal(all.size, roots.length);
});
