import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyse, codes } from './analysis.ts';

const source =
  'export function read(id: string, n = 1): number { return n }\nexport class D { #x = 1; static k = "v"; go(): void {} }';
const wrong = `plugin: {api: {digest: sha256-${'0'.repeat(64)}}}`;

const digestOf = async (text: string): Promise<string> => {
  const [found] = await analyse(wrong, { 'plugin.ts': text });
  return found?.observed ?? '';
};

test('the digest of a surface is the same for another order and other comments, and differs for another signature', async () => {
  const digest = await digestOf(source);
  assert.match(digest, /^sha256-[0-9a-f]{64}$/);
  assert.equal(await digestOf(`// more\n${source.split('\n').toReversed().join('\n')}`), digest);
  assert.notEqual(await digestOf(source.replace('id: string', 'id: number')), digest);
  assert.notEqual(await digestOf(source.replace('go()', 'stop()')), digest);
  assert.deepEqual(await codes(`plugin: {api: {digest: ${digest}}}`, { 'plugin.ts': source }), []);
  assert.deepEqual(await codes(wrong, { 'plugin.ts': source }), ['PC-S107']);
});

test('the committed report is compared line by line', async () => {
  const report =
    'class D\nD.constructor() => void\nstatic D.k: string\nD.go() => void\nfunction read(id: string, n?: a type that cannot be decided (no annotation)) => number\n';
  const contract = 'plugin: {api: {report: p.api.txt}}';
  assert.deepEqual(await codes(contract, { 'plugin.ts': source, 'p.api.txt': report }), []);
  const [found] = await analyse(contract, { 'plugin.ts': source.replace('go', 'stop'), 'p.api.txt': report });
  assert.match(found?.observed ?? '', /^line 4: D\.stop/);
  assert.deepEqual(await codes(contract, { 'plugin.ts': source }), ['PC-S107']);
});
