import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { systemClock } from '../../../gateway/lib/clock.ts';
import { openCell } from '../../../gateway/cells/cell-supervisor.ts';
import type { SupervisedCell } from '../../../gateway/cells/cell-supervisor.ts';
import { defaultLimits } from '../../../gateway/cells/options.ts';
import type { CellPlan } from '../../../gateway/cells/options.ts';

const repository = join(import.meta.dirname, '../../..');
export const api = join(repository, 'contracts/index.ts');
export const zod = join(repository, 'node_modules/zod/index.js');

export const deps = { log: pino({ level: 'silent' }), clock: systemClock };

/** Source of a plugin whose `decode` has the given body; `top` runs when the module is loaded. */
export function source({ decode = 'return [];', top = '', more = '' } = {}): string {
  return `import { z } from 'zod';
${top}
export default {
  name: 'probe', apiVersion: 1, proto: 'probe', topics: ['probe/#'], config: z.strictObject({}),
  decode(envelope, { knowledge }) { ${decode} },
  ${more}
};
`;
}

/** A plan for a plugin of one file (or more), as admission would have stored it. */
export async function planOf(
  t: TestContext,
  files: Readonly<Record<string, string>> | string,
  changes: Partial<Omit<CellPlan, 'limits'>> & { readonly limits?: Partial<CellPlan['limits']> } = {},
): Promise<CellPlan> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'cell-')));
  t.after(() => rm(root, { recursive: true, force: true }));
  await mkdir(root, { recursive: true });
  const all = typeof files === 'string' ? { 'index.js': files } : files;
  for (const [name, text] of Object.entries({ 'package.json': '{"type":"module"}', ...all })) {
    await writeFile(join(root, name), text);
  }
  return {
    name: 'probe',
    entry: join(root, 'index.js'),
    fence: { root, provided: { zod, '@portcullis/contracts': api } },
    config: {},
    expected: { contract: { closed: true, exports: [{ name: 'default', kind: 'value' }] } },
    ...changes,
    limits: { ...defaultLimits, ...changes.limits },
  };
}

/** The cell of a plan that must start; closed by the caller. */
export async function openedCell(plan: CellPlan): Promise<SupervisedCell> {
  const cell = await openCell(plan, deps);
  assert.ok('described' in cell, JSON.stringify(cell));
  return cell;
}

export function wireEnvelope(text = '1') {
  return {
    transport: 'mqtt' as const,
    client: 'tester',
    topic: 'probe/a',
    retain: false,
    receivedAt: 0,
    payload: Buffer.from(text).toString('base64'),
  };
}
