import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { cellProgram, findConfinement } from '../../../gateway/cells/confinement.ts';
import { openCell } from '../../../gateway/cells/cell-supervisor.ts';
import { openNursery } from '../../../gateway/cells/nursery.ts';
import { waitUntil } from '../../harness/wait-until.ts';
import { deps, planOf, source, wireEnvelope } from './plugins.ts';

const payload = new TextEncoder().encode('1');
const decode = { is: 'decode', envelope: { ...wireEnvelope(), payload }, teaches: false } as const;

/** Process id of the parent, from proc_pid_stat(5). */
async function parentOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

test('cells are started by a process of their own, and live, end and come again as if the gateway had', async (t) => {
  const nursery = openNursery();
  t.after(() => nursery[Symbol.asyncDispose]());
  const confinement = await findConfinement([cellProgram], { isRoot: false });
  const plan = await planOf(
    t,
    source({ decode: 'if (globalThis.once) for (;;); globalThis.once = true; return [];' }),
    {
      limits: { callMs: 500 },
    },
  );
  const cell = await openCell(plan, { ...deps, confinement, launch: nursery.launch });
  assert.ok('described' in cell, JSON.stringify(cell));
  t.after(() => cell[Symbol.asyncDispose]());
  assert.notEqual(await parentOf(cell.pid ?? 0), process.pid);
  assert.equal((await cell.call(decode, 1)).is, 'decoded');
  const first = cell.pid;
  assert.equal((await cell.call(decode, 1)).is, 'hung');
  assert.equal(await cell.ready(), 2);
  assert.notEqual(cell.pid, first);
  assert.equal((await cell.call(decode, 2)).is, 'decoded');
});

test('a nursery that is killed takes its cells with it, and another one starts them again', async (t) => {
  const nursery = openNursery();
  t.after(() => nursery[Symbol.asyncDispose]());
  const cell = await openCell(await planOf(t, source()), { ...deps, launch: nursery.launch });
  assert.ok('described' in cell, JSON.stringify(cell));
  t.after(() => cell[Symbol.asyncDispose]());
  process.kill(await parentOf(cell.pid ?? 0), 'SIGKILL');
  await waitUntil('another life', async () => (await cell.ready()) === 2);
  assert.equal((await cell.call(decode, 2)).is, 'decoded');
});
