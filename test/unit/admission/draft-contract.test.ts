import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPlugin } from '../../../gateway/admission/check-plugin.ts';
import { analysePlugin } from '../../../gateway/admission/code/analyse-plugin.ts';
import { outlinePlugin } from '../../../gateway/admission/code/outline-plugin.ts';
import { draftContract } from '../../../gateway/admission/draft-contract.ts';
import { probeHost } from '../../../gateway/admission/host/probe.ts';
import { treeOf, type Files } from './code/analysis.ts';

/** Drafts a contract and holds the code against it; answers the draft and the codes of errors. */
async function draftAndCheck(files: Files): Promise<{ draft: string; errors: string[] }> {
  const named = { 'package.json': '{ "name": "p", "version": "1.0.0" }', ...files };
  const tree = treeOf(named);
  const draft = await draftContract({ tree, name: 'p', outline: outlinePlugin, provided: [] });
  const check = await checkPlugin({
    tree,
    contract: { file: 'contract.yaml', bytes: Buffer.from(draft) },
    facts: probeHost({ env: new Map() }),
    analyse: analysePlugin,
    today: '2026-11-21',
  });
  const errors = check.violations.filter(({ severity }) => severity === 'error');
  return { draft, errors: errors.map(({ code, path, observed }) => `${code} ${path} ${observed}`) };
}

test('the draft of a CommonJS package allows CommonJS', async () => {
  const { draft, errors } = await draftAndCheck({ 'index.js': 'exports.read = function (id) { return id };' });
  assert.deepEqual(errors, []);
  assert.match(draft, /format: allow-cjs/);
});

test('exports that cannot be listed leave the policy open, and only then', async () => {
  const { draft, errors } = await draftAndCheck({ 'index.js': "module.exports = require('./a.js')();", 'a.js': '' });
  assert.deepEqual(errors, []);
  assert.match(draft, /policy: open/);
  assert.match((await draftAndCheck({ 'index.js': 'exports.a = 1;' })).draft, /policy: closed/);
});

test('an effect at load is written down as a warning, and only where there is one', async () => {
  const { draft, errors } = await draftAndCheck({ 'index.mjs': 'let n = 0; n += 1; export const x = 1;' });
  assert.deepEqual(errors, []);
  assert.match(draft, /sideEffects: warn/);
  assert.match((await draftAndCheck({ 'index.mjs': 'export const x = 1;' })).draft, /sideEffects: forbid/);
});

test('a "main" without its extension, or that names a folder, is found as Node finds it', async () => {
  const packed = { 'package.json': '{ "name": "p", "version": "1.0.0", "main": "./src/lib" }' };
  for (const file of ['src/lib.js', 'src/lib/index.js']) {
    const { draft, errors } = await draftAndCheck({ ...packed, [file]: 'exports.a = 1;' });
    assert.deepEqual(errors, []);
    assert.match(draft, new RegExp(`entry: ${file}`));
  }
});

test('a type that the language cannot say is left out, and what it can say is kept', async () => {
  const union = Array.from({ length: 900 }, (_, i) => `'value${i}'`).join(' | ');
  const { draft, errors } = await draftAndCheck({
    'index.ts': `
      export const long: ${union} = 'value1';
      export function take(a: string | undefined, b: { c?: number | undefined }, d?: string): string | undefined { return a ?? d }
      export function bytes(data: Buffer): Buffer { return data }`,
  });
  assert.deepEqual(errors, []);
  assert.doesNotMatch(draft, /value900/);
  assert.match(draft, /- name: a\n\s+- name: b\n\s+type: "\{ c\?: number \}"\n\s+- name: d\n\s+type: string\n/);
  assert.match(draft, /- name: data\n\s+returns: bytes/);
});

test('a declaration file that disagrees with the code does not make the draft wrong', async () => {
  const { errors } = await draftAndCheck({
    'index.js': 'export function send(packet, client, done) {}\nexport function ask(id, all = true) { return all }',
    'index.d.ts':
      'export function send(packet: string, done: string): void; export function ask(id: string, all: true): boolean;',
    'package.json': '{ "name": "p", "version": "1.0.0", "type": "module" }',
  });
  assert.deepEqual(errors, []);
});

test('names that the grammar has no room for leave the list open', async () => {
  const { draft, errors } = await draftAndCheck({ 'index.mjs': "const a = 1; export { a as 'not a name' };" });
  assert.deepEqual(errors, []);
  assert.match(draft, /policy: open/);
});

test('imports that do not resolve are not drafted, so that the check denies them', async () => {
  const { errors } = await draftAndCheck({ 'index.mjs': "import 'nowhere';" });
  assert.deepEqual(new Set(errors.map((text) => text.split(' ')[0])), new Set(['PC-D102', 'PC-D105', 'PC-D108']));
});
