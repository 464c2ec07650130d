import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { checkConformance } from '../../../../gateway/admission/code/conformance.ts';
import { readContract } from '../../../../gateway/admission/language/read-contract.ts';
import { treeOf, type Files } from './analysis.ts';

const tsc = fileURLToPath(import.meta.resolve('typescript/package.json').replace(/package\.json$/, 'bin/tsc'));

async function check(contract: string, source: string, files: Files = {}): Promise<string[]> {
  const head = 'apiVersion: plugin-contract/v1\nkind: PluginContract\nprofile: structural\n';
  const { document } = readContract(new TextEncoder().encode(head + contract), 'contract.yaml');
  assert.ok(document);
  const { plugin, types, exports, imports } = document.value;
  const code = { profile: 'structural', plugin, types, exports, imports } as const;
  const found = await checkConformance({
    root: treeOf({ 'plugin.ts': source, ...files }),
    entry: 'plugin.ts',
    contract: code,
    tsc,
  });
  return found.map((each) => `${each.code} ${each.path}`);
}

const contract = `
types: {Reading: {type: object, required: [celsius], properties: {celsius: {type: number}}}}
exports:
  functions:
    - {name: read, async: required, params: [{name: id, type: string}], returns: Reading}
  classes:
    - {name: Driver, construct: [{name: host, type: string}], methods: [{name: set, params: [{name: v, type: 'string | number'}]}]}
`;
const good = `
export async function read(id: string): Promise<{ celsius: number }> { return { celsius: id.length } }
export class Driver { host: string; constructor(host: string) { this.host = host } set(v: unknown): void { void v } }
`;

test('the compiler agrees with a plugin that keeps its contract', async () => {
  assert.deepEqual(await check(contract, good), []);
});

test('the compiler finds a method that takes less, which method syntax would let through', async () => {
  assert.deepEqual(await check(contract, good.replace('v: unknown', 'v: string')), ['PC-S102 exports.classes[0]']);
});

test('the compiler decides an inferred result', async () => {
  assert.deepEqual(await check(contract, good.replace(': Promise<{ celsius: number }>', '')), []);
  const wrong = good.replace(': Promise<{ celsius: number }>', '').replace('{ celsius: id.length }', '{ celsius: id }');
  assert.deepEqual(await check(contract, wrong), ['PC-S102 exports.functions[0]']);
});

test('any does not fit', async () => {
  assert.deepEqual(await check(contract, good.replace('Promise<{ celsius: number }>', 'Promise<any>')), [
    'PC-S102 exports.functions[0].returns',
  ]);
  assert.deepEqual(await check('exports: {functions: [{name: read}]}', 'export const read: any = 1;'), [
    'PC-S102 exports.functions[0]',
  ]);
});
