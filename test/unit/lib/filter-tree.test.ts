import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { filterTree } from '../../../gateway/lib/filter-tree.ts';
import { matchesFilter } from '../../../gateway/lib/topic-filter.ts';

test('a tree of filters matches what one of the filters matches', () => {
  const level = fc.constantFrom('a', 'b', '', '$x');
  const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
  const filter = fc
    .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 4 }), fc.boolean())
    .map(([levels, open]) => [...levels, ...(open || levels.length === 0 ? ['#'] : [])].join('/'));
  fc.assert(
    fc.property(
      fc.array(filter, { maxLength: 6 }),
      fc.array(topic, { minLength: 1, maxLength: 4 }),
      (filters, topics) => {
        const tree = filterTree(filters);
        for (const one of topics)
          assert.equal(
            tree.matches(one),
            filters.some((each) => matchesFilter(each, one)),
            one,
          );
      },
    ),
    { numRuns: 20_000 },
  );
});

test('a topic costs one look at a level that filters share, and none at those of other branches', () => {
  const rooms = Array.from({ length: 256 }, (_, at) => `house/room${at}/+/state`);
  const tree = filterTree(rooms);
  assert.ok(tree.matches('house/room7/lamp/state'));
  assert.equal(tree.looks, 5);
  assert.ok(!tree.matches('garden/room7/lamp/state'));
  assert.equal(tree.looks, 6);
  const ends = filterTree(Array.from({ length: 256 }, (_, at) => `+/+/end${at}`));
  assert.ok(!ends.matches('house/lamp/state'));
  assert.equal(ends.looks, 3);
});
