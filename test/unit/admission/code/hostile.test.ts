import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { nestingFault } from '../../../../gateway/admission/code/nesting-guard.ts';
import { fuzzRuns } from '../../../fuzz/mutate.ts';
import { Outcomes } from '../../../fuzz/outcomes.ts';
import { analyse, codes } from './analysis.ts';

const depth = 20_000;
/** Each of these overflows the native stack of the parser when it is let through. */
const deep: Readonly<Record<string, string>> = {
  brackets: `x=${'['.repeat(depth)}`,
  'brackets behind comments that close them': `x=${'[/*]*/'.repeat(depth)}`,
  'brackets behind strings that close them': `x=${'["]",'.repeat(depth)}`,
  'brackets behind templates that close them': `x=${'[`]`,'.repeat(depth)}`,
  'brackets behind regular expressions that close them': `x=${'[/]/,'.repeat(depth)}`,
  'a regular expression after a condition': `if(x)/]/;${'[/]/,'.repeat(depth)}`,
  templates: '`${'.repeat(depth),
  blocks: '{'.repeat(depth),
  unary: `x=${'!'.repeat(depth)}1`,
  arrows: `x=${'a=>\n'.repeat(depth)}1`,
  conditions: `x=${'a?b:'.repeat(depth)}1`,
  assignments: `${'a=\n'.repeat(depth)}1`,
  'if without else': `${'if(x)\n'.repeat(depth)};`,
  'if with else': `${'if(x)a,b;else '.repeat(depth)};`,
  'do while': `${'do '.repeat(depth)};${'while(1);'.repeat(depth)}`,
  sums: `x=1${'+1'.repeat(depth)}`,
  labels: `${'a:'.repeat(depth)};`,
  'type operators': `type A = ${'keyof\n'.repeat(depth)}x`,
  'function types': `type A = ${'()=>'.repeat(depth)}x`,
  'type arguments': `type A = ${'a<'.repeat(depth)}`,
  classes: `${'class A extends '.repeat(depth)}B {}`,
};

for (const [name, source] of Object.entries(deep)) {
  test(`deep nesting is refused before it reaches the parser: ${name}`, async () => {
    assert.notEqual(nestingFault(source), undefined);
    assert.deepEqual(await codes('', { 'plugin.ts': source }), ['PC-S001']);
  });
}

test('ordinary depth is no reason to refuse', () => {
  const lines = Array.from(
    { length: 20_000 },
    (_, i) => `const a${i} = [{ b: (${i}) }]\nif (a${i}) f(a${i})\nelse g()\n`,
  );
  assert.equal(nestingFault(lines.join('')), undefined);
  assert.equal(nestingFault(`x = ${'['.repeat(400)}${']'.repeat(400)}`), undefined);
  assert.equal(nestingFault(`x = [${'{ a: 1, b: [2] },\n'.repeat(20_000)}]`), undefined);
});

test('bytes that are no UTF-8 and files that are too large are refused', async () => {
  assert.deepEqual(await codes('', { 'plugin.js': Uint8Array.of(0x61, 0xff, 0xfe) }), ['PC-S001']);
  assert.deepEqual(await codes('', { 'plugin.js': `//${'x'.repeat(3_000_000)}` }), ['PC-S001']);
  assert.deepEqual(await codes('', { 'plugin.js': Uint8Array.of(0) }), ['PC-S001']);
});

test('a byte order mark is no fault', async () => {
  assert.deepEqual(
    await codes('exports: {variables: [{name: v, value: 1}]}', { 'plugin.js': '\ufeffexport const v = 1;' }),
    [],
  );
});

test('ten thousand exports and ten thousand findings stay bounded', async () => {
  const source = Array.from({ length: 10_000 }, (_, i) => `export const v${i} = eval("${i}");`).join('\n');
  const found = await analyse('exports: {policy: closed, variables: [{name: v1, value: 1}]}', { 'plugin.js': source });
  assert.ok(found.length > 0 && found.length <= 500);
});

test('a type that expands without end is given up', async () => {
  const types = Array.from({ length: 40 }, (_, i) => `type T${i + 1} = [T${i}, T${i}, T${i}];`).join(' ');
  const source = `type T0 = string; ${types} export function run(): T40 { throw 1 }`;
  const found = await codes('exports: {functions: [{name: run, returns: string}]}', { 'plugin.ts': source });
  assert.deepEqual(found, ['PC-S102']);
});

test('names of the language itself are only names', async () => {
  const contract = 'exports: {variables: [{name: constructor}, {name: __proto__}, {name: toString}]}';
  assert.deepEqual(await codes(contract, { 'plugin.js': 'export const v = 1;' }), ['PC-S101']);
  assert.deepEqual(
    await codes('exports: {classes: [{name: D, methods: [{name: toString}]}]}', { 'plugin.js': 'export class D {}' }),
    ['PC-S101'],
  );
});

test('no byte of a plugin runs while it is analysed', async () => {
  const mark = join(tmpdir(), `portcullis-sentinel-${process.pid}`);
  const write = `(await import('node:fs')).writeFileSync(${JSON.stringify(mark)}, 'ran');`;
  const spawn = `(await import('node:child_process')).execSync('touch ${mark}');`;
  await codes('exports: {functions: [{name: run}]}', {
    'plugin.js': `import './b.mjs'; import 'c'; ${write} export function run(a = (() => { throw 1 })()) {}`,
    'b.mjs': `${spawn} export class A { static { throw new Error() } }`,
    'node_modules/c/package.json': '{"name":"c","main":"i.js","scripts":{"install":"touch x"}}',
    'node_modules/c/i.js': `require('fs').writeFileSync(${JSON.stringify(mark)}, 'ran'); process.exit(1);`,
  });
  assert.equal(existsSync(mark), false);
});

test('any text is answered with violations and never with a throw', async (t) => {
  const outcomes = new Outcomes<'denied'>();
  const words = [
    'export ',
    'const ',
    'import ',
    'from ',
    "'./plugin.js' ",
    'class ',
    '{',
    '}',
    '(',
    ')',
    '=>',
    '=',
    'x',
    ' ',
    ';',
    '/',
    '`',
    '${',
    '"',
    '*',
    'type ',
    ':',
    '<',
    '>',
    '\n',
    '#',
    '@',
    'async ',
    '...',
    '\u2028',
    '\\u0061',
  ];
  const source = fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(source, async (text) => {
      for (const file of ['plugin.ts', 'plugin.js']) {
        const found = await analyse(
          'plugin: {sideEffects: forbid}\nexports: {policy: closed, functions: [{name: x, params: []}]}\nimports: {builtins: []}',
          { [file]: text },
        );
        assert.ok(found.length > 0);
        outcomes.add('denied');
      }
    }),
    { numRuns: fuzzRuns(300) },
  );
  outcomes.print(t);
});
