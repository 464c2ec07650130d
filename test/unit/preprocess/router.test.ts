import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matchesFilter } from '../../../gateway/lib/topic-filter.ts';
import { openRouter } from '../../../gateway/preprocess/router.ts';
import { envelope } from './stage.ts';

const plugin = (name: string, topics: string[], teaches: string[] = []) => ({ name, proto: name, topics, teaches });
const at = (topic: string, more = {}) => envelope(topic, '', more);

test('the sender’s profile goes before a claim, a claim before a filter, the finer filter before the coarser', () => {
  const router = openRouter([plugin('all', ['#']), plugin('tele', ['tele/+/SENSOR']), plugin('found', ['found/x'])]);
  assert.equal(router.route(at('tele/a/SENSOR'))?.plugin, 1);
  assert.equal(router.route(at('tele/a/STATE'))?.plugin, 0);
  router.claim([[2, ['tele/a/SENSOR']]]);
  assert.equal(router.route(at('tele/a/SENSOR'))?.plugin, 2);
  assert.equal(router.route(at('tele/a/SENSOR', { plugin: 'all' }))?.plugin, 0);
  router.claim([[2, []]]);
  assert.equal(router.route(at('tele/a/SENSOR'))?.plugin, 1);
});

test('a wildcard that leads nowhere does not hide a coarser filter', () => {
  const router = openRouter([plugin('a', ['x/y/z']), plugin('b', ['x/+/w']), plugin('c', ['x/#'])]);
  assert.equal(router.route(at('x/y/z'))?.plugin, 0);
  assert.equal(router.route(at('x/y/w'))?.plugin, 1);
  assert.equal(router.route(at('x/y/v'))?.plugin, 2);
  assert.equal(router.route(at('x'))?.plugin, 2);
  assert.equal(router.route(at('y')), undefined);
});

test('topics that teach are known as such', () => {
  const router = openRouter([plugin('a', ['a/#'], ['a/bridge/devices'])]);
  assert.equal(router.route(at('a/bridge/devices'))?.teaches, true);
  assert.equal(router.route(at('a/lamp'))?.teaches, false);
});

test('a topic has a route exactly when a filter matches it', () => {
  const level = fc.constantFrom('a', 'b', '$SYS', '');
  const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
  const filter = fc
    .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
    .map(([levels, open]) => [...levels, ...(open ? ['#'] : [])].join('/'));
  fc.assert(
    fc.property(fc.array(filter, { minLength: 1, maxLength: 4 }), topic, (filters, topic) => {
      const route = openRouter(filters.map((one, index) => plugin(`p${index}`, [one]))).route(at(topic));
      assert.equal(
        route !== undefined,
        filters.some((one) => matchesFilter(one, topic)),
      );
      if (route !== undefined) assert.ok(matchesFilter(filters[route.plugin] ?? '', topic));
    }),
    { numRuns: 500 },
  );
});
