import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openCell } from '../../../gateway/cells/cell-supervisor.ts';
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
  const cell = await open(t, source({ decode: `return [{ device: 7 }];` }), { restarts: { max: 1, windowMs: 60_000 } });
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
