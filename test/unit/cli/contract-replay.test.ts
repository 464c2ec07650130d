import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { processContext } from '../../../gateway/cli/contract-process.ts';
import { runInit } from '../../../gateway/cli/contract-init.ts';
import { runReplay } from '../../../gateway/cli/contract-replay.ts';
import { runCheck } from '../../../gateway/cli/contract-check.ts';

const fixtures = join(import.meta.dirname, '../../fixtures');

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'replay-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function replay(file: string) {
  let text = '';
  const exit = await runReplay(file, {}, { ...processContext(), write: (part) => void (text += part) });
  return { exit, text };
}

for (const file of ['contract-cases.yaml', 'more-contract-cases.yaml', 'near-miss-cases.yaml']) {
  test(`every case of ${file} is decided as it says`, async () => {
    const { exit, text } = await replay(join(fixtures, file));
    assert.deepEqual(
      text.split('\n').filter((line) => line.startsWith('FAIL')),
      [],
    );
    assert.match(text, /(\d+) of \1 cases pass/);
    assert.equal(exit, 0);
  });
}

for (const [what, change] of [
  ['decision', (text: string) => text.replace('decision: ADMIT', 'decision: DENY')],
  ['code', (text: string) => text.replace('codes: []', 'codes: [PC-S101]')],
  ['exit', (text: string) => text.replace('exit: 0', 'exit: 1')],
  ['claim that nothing ran', (text: string) => text.replace('exit: 0', 'exit: 0, executed: true')],
] as const) {
  test(`a case whose ${what} is wrong fails the replay`, async (t) => {
    const path = join(await folder(t), 'cases.yaml');
    const one =
      "cases:\n- {id: A, contract: '', files: {plugin.js: 'export {}'}, expect: {decision: ADMIT, codes: [], exit: 0}}\n";
    await writeFile(path, one);
    assert.equal((await replay(path)).exit, 0);
    await writeFile(path, change(one));
    const { exit, text } = await replay(path);
    assert.equal(exit, 1);
    assert.match(text, /^FAIL {2}A/m);
  });
}

test('a wrong case file is exit 2 in one sentence', async (t) => {
  const path = join(await folder(t), 'cases.yaml');
  await writeFile(path, 'cases: [{ id: A }]');
  const { exit, text } = await replay(path);
  assert.equal(exit, 2);
  assert.match(text, /cases\.0/);
});

test('a drafted contract admits the code it was drafted from, and a second draft leaves it alone', async (t) => {
  const cwd = await folder(t);
  const code = [
    "import { EventEmitter } from 'node:events';",
    'export const version = 3;',
    'export async function read(id: string, timeoutMs = 500): Promise<{ celsius: number }> { return { celsius: id.length + timeoutMs }; }',
    "export class Driver extends EventEmitter { state: string = 'idle'; start(): void {} }",
  ];
  await writeFile(join(cwd, 'index.ts'), code.join('\n'));
  await writeFile(join(cwd, 'package.json'), '{"name":"drafted","version":"1.2.3","type":"module"}');
  const context = { ...processContext(), cwd, write: () => undefined };
  assert.equal(await runInit('.', {}, context), 0);
  const drafted = await readFile(join(cwd, 'contract.yaml'), 'utf8');
  assert.match(drafted, /node:events/);
  assert.equal(await runInit('.', {}, context), 2);
  assert.equal(await readFile(join(cwd, 'contract.yaml'), 'utf8'), drafted);
  let text = '';
  const exit = await runCheck(['.'], { format: 'text' }, { ...context, write: (part) => void (text += part) });
  assert.equal(exit, 0, text);
});
