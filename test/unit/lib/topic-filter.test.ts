import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { coversFilter, matchesFilter } from '../../../gateway/lib/topic-filter.ts';

test('wildcards match as MQTT 3.1.1 section 4.7 says', () => {
  const cases: [filter: string, topic: string, matches: boolean][] = [
    ['sport/tennis/player1/#', 'sport/tennis/player1', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
    ['sport/+', 'sport', false],
    ['sport/+', 'sport/', true],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
    ['#', '$SYS/x', false],
    ['+/monitor/Clients', '$SYS/monitor/Clients', false],
    ['$SYS/#', '$SYS/x', true],
    ['a//b', 'a//b', true],
  ];
  for (const [filter, topic, matches] of cases)
    assert.equal(matchesFilter(filter, topic), matches, `${filter} ${topic}`);
});

test('a filter that covers another matches every topic the other matches', () => {
  const level = fc.constantFrom('a', 'b', '', '$x');
  const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
  const filter = fc
    .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
    .map(([levels, open]) => [...levels, ...(open ? ['#'] : [])].join('/'));
  fc.assert(
    fc.property(filter, filter, topic, (outer, inner, name) => {
      if (coversFilter(outer, inner) && matchesFilter(inner, name)) assert.ok(matchesFilter(outer, name));
    }),
    { numRuns: 20_000 },
  );
});
