import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codes } from './analysis.ts';

const rule = 'exports: {functions: [{name: run, async: required, params: [{name: a, type: string}], returns: number}]}';
const source = 'export async function run(a) { return a.length }';
const check = (declaration: string, code = source): Promise<string[]> =>
  codes(rule, { 'plugin.js': code, 'plugin.d.ts': declaration });

test('a declaration file gives plain JavaScript its types', async () => {
  assert.deepEqual(await codes(rule, { 'plugin.js': source }), ['PC-S103']);
  assert.deepEqual(await check('export declare function run(a: string): Promise<number>;'), []);
  assert.deepEqual(await check('export function run(a: number): Promise<number>;'), ['PC-S102']);
  assert.deepEqual(await check('export function run(a: string): Promise<any>;'), ['PC-S103']);
});

test('a declaration file that contradicts the code is a lie', async () => {
  assert.deepEqual(await check('export function run(a: string): number;'), ['PC-S102']);
  assert.deepEqual(await check('export function run(a: string): Promise<number>;', source.replace('(a)', '(a, b)')), [
    'PC-S102',
  ]);
  assert.deepEqual(await check('export class run {}'), ['PC-S102']);
});

test('types of a class are taken member by member', async () => {
  const contract =
    "exports: {classes: [{name: D, methods: [{name: go, params: [{name: v, type: 'string | number'}]}]}]}";
  const code = 'export class D { go(v) {} }';
  const declared = (member: string): Promise<string[]> =>
    codes(contract, {
      'plugin.js': code,
      'plugin.d.ts': `import type { T } from './t.js'; export declare class D { ${member} }`,
      't.d.ts': 'export type T = string | number;',
      't.js': '',
    });
  assert.deepEqual(await declared('go(v: T): void;'), []);
  assert.deepEqual(await declared('go(v: string): void;'), ['PC-S102']);
  assert.deepEqual(await declared('go(v: T): void; stop(): void;'), ['PC-S102']);
});
