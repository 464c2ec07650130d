import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextState, restartBudget } from '../../../gateway/flows/supervision.ts';
import { entryAt, gatewayStorage } from '../../../gateway/flows/runtime/storage.ts';
import { gatewayContext } from '../../../gateway/flows/runtime/context.ts';
import { loadMemoryContext } from '../../../gateway/flows/runtime/red.ts';
import { isWanted } from '../../../gateway/flows/device-filter.ts';

type Ask = Parameters<typeof gatewayStorage>[0]['ask'];

test('Node-RED is started again with a growing wait, and held after the fifth end', () => {
  const budget = restartBudget();
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((at) => budget.book(at)),
    [1_000, 2_000, 4_000, 8_000, undefined],
  );
  assert.equal(nextState('running', 'spent'), 'held');
  assert.equal(nextState('closed', 'due'), 'closed');
  assert.equal(restartBudget().book(0), 1_000);
});

test('credentials wait for the flows they belong to: both are one write', async () => {
  const asked: unknown[] = [];
  const storage = gatewayStorage({ ask: (async (name: string, wish: object) => void asked.push([name, wish])) as Ask });
  await storage.saveCredentials({ $: 'secret' });
  assert.deepEqual(asked, []);
  await storage.saveFlows([], { username: 'Ann' });
  await storage.saveFlows([]);
  assert.deepEqual(asked, [
    ['flows.write', { flows: '[]', credentials: '{"$":"secret"}', by: 'Ann' }],
    ['flows.write', { flows: '[]' }],
  ]);
});

test('a context that cannot be read goes into quarantine, and every other one is there', async () => {
  const asked: unknown[] = [];
  const scopes = [
    { scope: 'global', text: '{"a":1}' },
    { scope: 'f1', text: '{"b":' },
    { scope: 'n1:f1', text: '{"c":3}' },
  ];
  const ask = (async (name: string, wish: object) => {
    asked.push([name, wish]);
    return { scopes };
  }) as unknown as Ask;
  const context = gatewayContext(loadMemoryContext()({}), { ask }, () => undefined);
  await context.open();
  assert.deepEqual([context.get('global', 'a'), context.get('f1', 'b'), context.get('n1:f1', 'c')], [1, undefined, 3]);
  assert.deepEqual((asked[1] as [string, { scope: string }])[1].scope, 'f1');
  context.set('global', 'a', 2);
  await context.close();
  assert.deepEqual(asked.at(-1), ['context.write', { scope: 'global', text: '{"a":2}' }]);
});

test('the library is folders and entries', () => {
  const items = ['a.json', 'x/b.json', 'x/y/c.json'].map((path) => ({ path, meta: {}, body: '[1]' }));
  assert.deepEqual(entryAt(items, '/', 'flows'), ['x', { fn: 'a.json' }]);
  assert.deepEqual(entryAt(items, 'x', 'flows'), ['y', { fn: 'b.json' }]);
  assert.deepEqual(entryAt(items, '/x/b.json', 'flows'), [1]);
});

test('a node hears what fits all of its lists, and nothing that the gateway says of itself', () => {
  const message = {
    kind: 'state',
    cls: 'state',
    dev: { id: 'z2m:a' },
    place: { room: 'Hall' },
    m: [{ n: 'contact', vb: true }],
  };
  const one = message as unknown as Parameters<typeof isWanted>[1];
  const all = { devices: [], rooms: [], metrics: [], classes: [] };
  assert.ok(isWanted(all, one));
  assert.ok(isWanted({ ...all, devices: ['json:b', 'z2m:*'], rooms: ['Hall'], metrics: ['contact'] }, one));
  assert.ok(!isWanted({ ...all, devices: ['z2m:'] }, one));
  assert.ok(!isWanted({ ...all, rooms: ['Kitchen'] }, one));
  assert.ok(!isWanted({ ...all, metrics: ['temperature'] }, one));
  assert.ok(!isWanted({ ...all, classes: ['alarm'] }, one));
  assert.ok(!isWanted(all, { ...one, kind: 'change' }));
});
