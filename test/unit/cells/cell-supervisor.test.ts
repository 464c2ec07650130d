import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openCell } from '../../../gateway/cells/cell-supervisor.ts';
import type { CellPlan } from '../../../gateway/cells/options.ts';
import { listen } from '../../../gateway/observability/channels.ts';
import { deps, openedCell, planOf, source, wireEnvelope } from './plugins.ts';

async function open(t: TestContext, text: string, limits = {}) {
  const cell = await openedCell(await planOf(t, text, { limits }));
  t.after(() => cell[Symbol.asyncDispose]());
  return cell;
}

const payload = new TextEncoder().encode('1');
const decode = { is: 'decode', envelope: { ...wireEnvelope(), payload }, teaches: false } as const;

test('a cell that crashes comes back as another life, and a call to the old one is answered', async (t) => {
  const cell = await open(t, source({ decode: `Promise.reject(new Error('unhandled')); for (;;);` }), { callMs: 300 });
  assert.equal(await cell.ready(), 1);
  assert.equal((await cell.call(decode, 1)).is, 'hung');
  assert.equal(await cell.ready(), 2);
  assert.equal((await cell.call(decode, 1)).is, 'crashed');
  assert.deepEqual(await cell.call({ is: 'know', full: true, changes: [] }, 2), { is: 'known' });
});

test('a cell that ends too often is quarantined with an alarm, and says so at once', async (t) => {
  const alarms: string[] = [];
  using _listening = listen('alarm', ({ code, subject }) => alarms.push(`${code} ${subject}`));
  const cell = await open(t, source({ decode: `return [{ device: 7 }];` }), {
    restarts: { max: 1, windowMs: 60_000, after: 'stop' },
  });
  for (const life of [1, 2]) {
    assert.equal(await cell.ready(), life);
    assert.deepEqual(
      { ...(await cell.call(decode, life)), detail: '' },
      { is: 'refused', code: 'PC-R204', detail: '' },
    );
  }
  assert.equal(await cell.ready(), undefined);
  assert.equal(cell.state, 'quarantined');
  assert.deepEqual(alarms, ['plugin_quarantined probe']);
});

test('a plugin that does not start has no cell but a fault with its code', async (t) => {
  const plan = await planOf(t, source({ top: 'export const then = 1;' }));
  const fault = await openCell(plan, deps);
  assert.ok('code' in fault);
  assert.equal(fault.code, 'PC-S105');
});

/** A cell of a plugin that breaks its contract with every answer. */
async function breaking(t: TestContext, limits: Partial<CellPlan['limits']>) {
  const kept: string[] = [];
  const plan = await planOf(t, source({ decode: `return [{ device: 7 }];` }), { limits });
  const cell = await openCell(plan, { ...deps, onQuarantine: (plugin, why) => kept.push(`${plugin}: ${why}`) });
  assert.ok('described' in cell);
  t.after(() => cell[Symbol.asyncDispose]());
  await cell.call(decode, 1);
  await cell.ready();
  return { state: cell.state, kept };
}

test('a contract says what a violation costs: another life, no further life, or none at any start of the gateway', async (t) => {
  assert.deepEqual(await breaking(t, {}), { state: 'running', kept: [] });
  assert.deepEqual(await breaking(t, { onViolation: 'stop' }), { state: 'quarantined', kept: [] });
  const { state, kept } = await breaking(t, { onViolation: 'quarantine' });
  assert.equal(state, 'quarantined');
  assert.match(kept.join(), /^probe: a message breaks its schema: .* \(PC-R204\)$/);
});

test('a contract says what follows when the restarts are used up', async (t) => {
  const restarts = { max: 0, windowMs: 60_000 };
  assert.deepEqual((await breaking(t, { restarts: { ...restarts, after: 'stop' } })).kept, []);
  assert.match((await breaking(t, { restarts: { ...restarts, after: 'quarantine' } })).kept.join(), /once too often$/);
});

test('a cell that uses more than its contract grants breaks it', async (t) => {
  // More than the contract grants, less than where the kernel's limit stands.
  const hoard = `globalThis.hoard = new Uint8Array(90_000_000).fill(1); for (;;);`;
  const kept: string[] = [];
  const plan = await planOf(t, source({ decode: hoard }), {
    limits: { callMs: 30_000, memoryBytes: 64 * 1024 * 1024, onViolation: 'quarantine' },
  });
  const cell = await openCell(plan, { ...deps, onQuarantine: (_plugin, why) => kept.push(why) });
  assert.ok('described' in cell);
  t.after(() => cell[Symbol.asyncDispose]());
  assert.equal((await cell.call(decode, 1)).is, 'crashed');
  await cell.ready();
  assert.match(kept.join(), /more memory than its contract grants \(PC-R212\)/);
});

test('a command beyond the contract never reaches the plugin, and what proves it is held to its shape', async (t) => {
  const expects = `expects: ({ args }) => (args.setpoint === 5 ? { state: 'all' } : { state: [{ n: 'setpoint.heat', value: args.setpoint }] }),`;
  const more = `commands: { set: { args: z.object({ setpoint: z.number() }), idempotent: true, ${expects} encode: ({ args }) => [{ topic: 'probe/set', payload: String(args.setpoint), qos: 1 }] } },`;
  const plan = await planOf(t, source({ more }), { device: [{ name: 'setpoint', maximum: 35 }] });
  const cell = await openedCell(plan);
  t.after(() => cell[Symbol.asyncDispose]());
  const set = (setpoint: number) => cell.call({ is: 'encode', command: 'set', device: 'p:1', args: { setpoint } }, 1);
  assert.deepEqual(await set(21), {
    is: 'encoded',
    outbound: [{ topic: 'probe/set', payload: '21', qos: 1 }],
    proof: { state: [{ n: 'setpoint.heat', value: 21 }] },
  });
  assert.deepEqual(await set(36), {
    is: 'refused',
    code: 'PC-R204',
    detail: 'setpoint is set to a value beyond its contract',
  });
  // What breaks the shape of an answer costs the plugin its process.
  const wrong = await set(5);
  assert.deepEqual([wrong.is, 'code' in wrong && wrong.code], ['refused', 'PC-R204']);
});
