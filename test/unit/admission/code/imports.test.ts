import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { analyse, codes, type Files } from './analysis.ts';

type Row = readonly [name: string, contract: string, files: Files | string, expected: readonly string[]];

const nothing = 'imports: {builtins: [], packages: []}';
const pkg = (name: string, more: object = {}): string =>
  JSON.stringify({ name, version: '1.2.3', type: 'module', ...more });
const withB = (source: string, more: Files = {}): Files => ({
  'plugin.js': source,
  'package.json': pkg('p', { dependencies: { b: '1' } }),
  'node_modules/b/package.json': pkg('b', { exports: './i.js' }),
  'node_modules/b/i.js': 'export const x = 1;',
  ...more,
});
const allowB = 'imports: {builtins: [], packages: [{name: b, version: "^1"}], undeclared: deny}';

const rows: Record<string, readonly Row[]> = {
  builtins: [
    ['a bare name is the same builtin', 'imports: {builtins: ["node:fs"]}', "import fs from 'fs'; fs.existsSync;", []],
    [
      'a listed member',
      'imports: {builtins: [{name: node:buffer, members: [Buffer]}]}',
      "import { Buffer } from 'node:buffer'; Buffer;",
      [],
    ],
    [
      'an unlisted member',
      'imports: {builtins: [{name: node:buffer, members: [Buffer]}]}',
      "import { Blob } from 'node:buffer'; Blob;",
      ['PC-D101'],
    ],
    [
      'members through a namespace',
      'imports: {builtins: [{name: node:buffer, members: [Buffer]}]}',
      "import * as b from 'node:buffer'; b.Buffer;",
      [],
    ],
    [
      'a namespace that is handed on',
      'imports: {builtins: [{name: node:buffer, members: [Buffer]}]}',
      "import * as b from 'node:buffer'; export default b;",
      ['PC-D101'],
    ],
    ['a re-export needs the grant', nothing, "export { readFile } from 'node:fs';", ['PC-D101']],
    ['a type needs none', nothing, { 'plugin.ts': "import type { Stats } from 'node:fs'; export type S = Stats;" }, []],
    [
      'a value import of types alone still loads',
      nothing,
      { 'plugin.ts': "import { type Stats } from 'node:fs'; export type S = Stats;" },
      ['PC-D101'],
    ],
    ['a dynamic import in a function counts', nothing, "export const f = () => import('node:fs');", ['PC-D101']],
    [
      'a sum of literals is computed and still seen',
      'imports: {builtins: [], dynamic: literal-only}',
      "export const f = () => import('node:' + 'fs');",
      ['PC-D101', 'PC-D107'],
    ],
    [
      'dynamic: deny denies a literal',
      'imports: {dynamic: deny}',
      "export const f = () => import('node:fs');",
      ['PC-D107'],
    ],
    ['import equals', nothing, { 'plugin.ts': "import fs = require('fs'); fs.existsSync;" }, ['PC-D101']],
    ['no such builtin', '', "import 'node:nope';", ['PC-D102']],
  ],
  packages: [
    ['a listed, declared, installed package', allowB, withB("import { x } from 'b'; x;"), []],
    [
      'a pre-release satisfies no plain range',
      allowB,
      withB("import 'b';", { 'node_modules/b/package.json': pkg('b', { version: '1.3.0-beta.1', exports: './i.js' }) }),
      ['PC-D104'],
    ],
    ['a subpath that is not exported', allowB, withB("import 'b/lib/x.js';"), ['PC-D102']],
    [
      'an exports map with conditions',
      allowB,
      withB("import 'b/x';", {
        'node_modules/b/package.json': pkg('b', { exports: { './x': { browser: './no.js', import: './i.js' } } }),
      }),
      [],
    ],
    [
      'a dependency of a dependency is under the same rules',
      allowB,
      withB("import 'b';", { 'node_modules/b/i.js': "import 'node:net';" }),
      ['PC-D101'],
    ],
    [
      'direct leaves dependencies to their own',
      'imports: {builtins: [], packages: [b], transitive: direct}',
      withB("import 'b';", { 'node_modules/b/i.js': "import 'node:net';" }),
      [],
    ],
    ['a package that looks like another', nothing, "import 'modb\u0443s';", ['PC-D102', 'PC-D108']],
    [
      'the package itself by its own name',
      nothing,
      { 'plugin.js': "import 'p/x';", 'x.js': '', 'package.json': pkg('p', { exports: { './x': './x.js' } }) },
      [],
    ],
    [
      '#names are internal',
      nothing,
      { 'plugin.js': "import '#x';", 'x.js': '', 'package.json': pkg('p', { imports: { '#x': './x.js' } }) },
      [],
    ],
    [
      '#names may lead to a builtin',
      nothing,
      { 'plugin.js': "import '#fs';", 'package.json': pkg('p', { imports: { '#fs': 'fs' } }) },
      ['PC-D101'],
    ],
    [
      'a locked package without its files',
      'imports: {packages: [{name: b, version: "^1"}]}',
      { 'plugin.js': "import 'b';", 'package-lock.json': 'b@1.4.0' },
      [],
    ],
    ['a lock is demanded', 'imports: {packages: [{name: b, lock: required}]}', withB("import 'b';"), ['PC-D106']],
    [
      'a lock with its hash',
      'imports: {packages: [{name: b, lock: required}]}',
      withB("import 'b';", {
        'package-lock.json': JSON.stringify({
          lockfileVersion: 3,
          packages: {
            'node_modules/b': {
              version: '1.2.3',
              resolved: 'https://registry.npmjs.org/b/-/b-1.2.3.tgz',
              integrity: 'sha512-x',
            },
          },
        }),
      }),
      [],
    ],
    [
      'a fork',
      'imports: {packages: [b]}',
      withB("import 'b';", {
        'package-lock.json': JSON.stringify({
          lockfileVersion: 3,
          packages: { 'node_modules/b': { version: '1.2.3', resolved: 'git+ssh://git@github.com/x/b.git#1' } },
        }),
      }),
      ['PC-D106'],
    ],
    [
      'a required package that is imported',
      'imports: {packages: [{name: b, required: true}]}',
      withB("import 'b';"),
      [],
    ],
    [
      'a type-only import does not satisfy required',
      'imports: {packages: [{name: b, required: true}]}',
      { 'plugin.ts': "import type { x } from 'b'; export type X = x;" },
      ['PC-D103'],
    ],
    [
      'an install script deeper in the closure',
      'imports: {installScripts: deny}',
      withB("import 'b';", {
        'node_modules/b/package.json': pkg('b', { exports: './i.js', dependencies: { c: '1' } }),
        'node_modules/c/package.json': pkg('c', { scripts: { install: 'node-gyp rebuild' } }),
      }),
      ['PC-D111'],
    ],
    [
      'its own install script',
      'imports: {installScripts: deny}',
      { 'plugin.js': '', 'package.json': pkg('p', { scripts: { preinstall: 'x' } }) },
      ['PC-D111'],
    ],
    [
      'a test script is none',
      'imports: {installScripts: deny}',
      { 'plugin.js': '', 'package.json': pkg('p', { scripts: { test: 'x', prepare: 'y' } }) },
      [],
    ],
    [
      'a CommonJS dependency and its requires',
      'imports: {builtins: [], packages: [b]}',
      withB("import 'b';", {
        'node_modules/b/package.json': '{"name":"b","version":"1.0.0","main":"lib"}',
        'node_modules/b/lib/index.js': "const x = require('./x'); module.exports = { x };",
        'node_modules/b/lib/x.js': "if (a) require('child_process');",
      }),
      ['PC-D101'],
    ],
    [
      'a require that is handed on',
      'imports: {dynamic: literal-only, packages: [b]}',
      withB("import 'b';", {
        'node_modules/b/package.json': '{"name":"b","version":"1.0.0","main":"i.js"}',
        'node_modules/b/i.js': 'const r = require; r(name);',
      }),
      ['PC-D107'],
    ],
  ],
  paths: [
    ['a file that is not there', '', "import './nope.js';", ['PC-D102']],
    ['percent signs do not hide a way out', '', "import './%2e%2e/%2e%2e/x.js';", ['PC-D110']],
    ['a backslash is a slash in a URL', '', "import '.\\\\..\\\\..\\\\x.js';", ['PC-D110']],
    ['an absolute path', '', "import '/etc/passwd.js';", ['PC-D110']],
    ['a file URL', '', "import 'file:///etc/x.js';", ['PC-D110']],
    ['a URL', '', "import 'https://example.org/x.js';", ['PC-D109']],
    ['a re-export from data', '', "export * from 'data:text/javascript,1';", ['PC-D109']],
    [
      '.js in TypeScript means .ts',
      '',
      { 'plugin.ts': "import { x } from './x.js'; x;", 'x.ts': 'export const x = 1;' },
      [],
    ],
  ],
  authority: [
    ['indirect eval', '', '(0, eval)("1");', ['PC-D109']],
    ['eval by another name', '', 'const e = eval; e("1");', ['PC-D109']],
    [
      'a parameter named eval is none',
      '',
      { 'plugin.cjs': '', 'plugin.js': 'export const f = (Function) => Function("x");' },
      [],
    ],
    ['globalThis with a joined name', '', "globalThis['ev' + 'al']('1');", ['PC-D109']],
    ['a computed member of globalThis', '', 'export const f = (n) => globalThis[n];', ['PC-D109']],
    ['constructor.constructor', '', "export const f = () => ({}).constructor.constructor('return 1')();", ['PC-D109']],
    ['constructor of an arrow', '', "(() => {}).constructor('return 1')();", ['PC-D109']],
    ['constructor with brackets', '', "[]['constructor']['constructor']('return 1')();", ['PC-D109']],
    ['the prototype of an async function', '', "Object.getPrototypeOf(async () => {}).constructor('x');", ['PC-D109']],
    ['process.binding', '', "process.binding('fs');", ['PC-D109']],
    ['an alias of process', '', "const p = process; p['bin' + 'ding']('fs');", ['PC-D109']],
    ['a destructured process', '', "const { getBuiltinModule: g } = process; g('fs');", ['PC-D109']],
    ['process from its module', '', "import proc from 'node:process'; proc.dlopen();", ['PC-D109']],
    ['a named import from process', '', "import { kill } from 'node:process'; kill(1);", ['PC-D109']],
    ['globalThis.process', '', 'globalThis.process.kill(1);', ['PC-D109']],
    ['Reflect.get', '', "Reflect.get(process, 'binding')('fs');", ['PC-D109']],
    ['timers with text', '', "setTimeout('x()', 1);", ['PC-D109']],
    ['vm is eval', '', "import vm from 'node:vm'; vm.runInThisContext('1');", ['PC-D109']],
    ['eval: allow', 'imports: {capabilities: {eval: allow}}', 'eval("1");', []],
    ['eval: allow grants no escape', 'imports: {capabilities: {eval: allow}}', "process.binding('fs');", ['PC-D109']],
    ['wasm', 'imports: {capabilities: {wasm: deny}}', 'export const f = (b) => WebAssembly.compile(b);', ['PC-D109']],
    ['instanceof Function is harmless', '', 'export const f = (x) => x instanceof Function && typeof eval;', []],
    [
      'a prototype is written',
      'imports: {capabilities: {globalWrites: deny}}',
      'export function f() { Object.prototype.x = 1; }',
      ['PC-D109'],
    ],
    [
      'a prototype through defineProperty',
      'imports: {capabilities: {globalWrites: deny}}',
      "export function f() { Object.defineProperty(Array.prototype, 'x', {}); }",
      ['PC-D109'],
    ],
    [
      'own objects may be written',
      'imports: {capabilities: {globalWrites: deny}}',
      'const a = {}; export function f() { a.x = 1; }',
      [],
    ],
    [
      'a member of process that is not listed',
      'imports: {capabilities: {processObject: [hrtime]}}',
      'export const f = () => process.env.X;',
      ['PC-D109'],
    ],
    [
      'a member of process that is listed',
      'imports: {capabilities: {processObject: [env]}}',
      'export const f = () => process.env.X;',
      [],
    ],
    [
      'the escape of a dependency',
      '',
      withB("import 'b';", { 'node_modules/b/i.js': "process.dlopen({}, 'x');" }),
      ['PC-D109'],
    ],
  ],
  'effects at load': [
    [
      'declarations have none',
      'plugin: {sideEffects: forbid}',
      'const a = new Map([[1, { b: [2] }]]); export const f = () => a; export class C { static x = 1 } export default Object.freeze({ a });',
      [],
    ],
    [
      'methods of values only make values',
      'plugin: {sideEffects: forbid}',
      "const a = ['x'].map((each) => each.trim()).join('|'); export const b = new RegExp(a);",
      [],
    ],
    [
      'a callback is judged',
      'plugin: {sideEffects: forbid}',
      "export const a = ['x'].map((each) => send(each)); function send() {}",
      ['PC-S106'],
    ],
    [
      'a callback with statements is judged',
      'plugin: {sideEffects: forbid}',
      "export const a = ['x'].map((each) => { globalThis.y = each; return each; });",
      ['PC-S106'],
    ],
    ['a call', 'plugin: {sideEffects: forbid}', 'start(); function start() {}', ['PC-S106']],
    [
      'a call inside a literal',
      'plugin: {sideEffects: forbid}',
      'export const a = { b: [start()] }; function start() {}',
      ['PC-S106'],
    ],
    [
      'a static initialiser that calls',
      'plugin: {sideEffects: forbid}',
      'export class A { static s = (() => 1)() }',
      ['PC-S106'],
    ],
    ['an await', 'plugin: {sideEffects: forbid}', 'await null;', ['PC-S106']],
    ['a loop', 'plugin: {sideEffects: forbid}', 'for (;;) {}', ['PC-S106']],
    [
      'a module behind it',
      'plugin: {sideEffects: forbid}',
      { 'plugin.js': "import './a.js';", 'a.js': 'globalThis.x = 1;' },
      ['PC-S106'],
    ],
    ['warn only warns', 'plugin: {sideEffects: warn}', 'start(); function start() {}', []],
  ],
};

for (const [name, list] of Object.entries(rows)) {
  suite(name, () => {
    for (const [title, contract, files, expected] of list) {
      test(title, async () => {
        assert.deepEqual(await codes(contract, typeof files === 'string' ? { 'plugin.js': files } : files), expected);
      });
    }
  });
}

test('a module that the gateway provides is reached by its path or name and counts as its package', async () => {
  const provided = [{ name: '@gw/contracts', version: '1.0.0', path: '../../contracts/index.ts' }];
  const files = {
    'plugin.ts': "import { definePlugin } from '../../contracts/index.ts'; export default definePlugin({});",
  };
  assert.deepEqual(
    await codes('plugin: {sideEffects: forbid}\nimports: {packages: [{name: "@gw/contracts", version: ^1}]}', files, {
      provided,
    }),
    [],
  );
  assert.deepEqual(await codes('imports: {packages: []}', files, { provided }), ['PC-D108']);
  assert.deepEqual(await codes('imports: {packages: []}', files), ['PC-D110']);
});

test('a link inside the tree is a way out', async () => {
  assert.deepEqual(await codes('', { 'plugin.js': "import './x.js';" }, { links: { 'x.js': '/etc/x.js' } }), [
    'PC-D110',
  ]);
});

test('strict grants nothing that is not written', async () => {
  const files = { 'plugin.js': "import 'node:fs'; export const f = () => process.env;" };
  assert.deepEqual(await codes('', files, { profile: 'strict' }), ['PC-D101', 'PC-D109']);
});

test('a violation names the place in the code and the rule of the contract', async () => {
  const [found] = await analyse('imports: {builtins: []}', { 'plugin.js': "\n  import 'node:fs';" });
  assert.deepEqual([found?.file, found?.line, found?.column, found?.path], ['plugin.js', 2, 3, 'imports.builtins']);
});

test('under strict a package that only the lockfile names is not there', async () => {
  const files = {
    'plugin.js': "import 'left'; export const x = 1;",
    'package.json': '{ "name": "p", "type": "module", "dependencies": { "left": "1.0.0" } }',
    'package-lock.json': 'left@1.0.0',
  };
  const contract = 'imports: { packages: [{ name: left, version: "1.0.0" }] }';
  const found = await analyse(contract, files, { profile: 'strict' });
  assert.deepEqual(
    found.filter(({ code }) => code === 'PC-D102').map(({ observed }) => observed),
    ['only in the lockfile, and not shipped in the package'],
  );
});
