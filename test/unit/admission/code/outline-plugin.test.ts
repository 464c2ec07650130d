import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { outlinePlugin } from '../../../../gateway/admission/code/outline-plugin.ts';
import { codes, treeOf } from './analysis.ts';

const files = {
  'plugin.ts': `
    import { EventEmitter } from 'events';
    import 'unknown-pkg';
    export * as extra from './extra.ts';
    export const version = 3;
    export let mutable = 'x';
    export async function read(id: string, n: number = 5, ...more: string[]): Promise<{ c: number; at?: string }> { throw 1 }
    export async function* watch(bytes: Buffer): AsyncGenerator<number | null> {}
    export function guess(x) { return x }
    export class Driver extends EventEmitter {
      static kind = 'k';
      state: 'idle' | 'run' = 'idle';
      #hidden = 1;
      private inner = 2;
      constructor(host: string, port?: number) { super(); }
      get ready(): boolean { return true }
      set(v: string | number): void {}
    }
    export default class {}
  `,
  'extra.ts': 'export const x = 1;',
};

test('the outline of a plugin, read back as a contract, fits the plugin', async () => {
  const { exports } = await outlinePlugin({ root: treeOf(files), entry: 'plugin.ts' });
  assert.deepEqual(await codes(stringify({ exports: { policy: 'closed', ...(exports as object) } }), files), []);
});

test('the outline names builtins in one spelling and leaves out what does not resolve', async () => {
  const { builtins, packages, exports } = await outlinePlugin({ root: treeOf(files), entry: 'plugin.ts' });
  assert.deepEqual(builtins, ['node:events']);
  assert.deepEqual(packages, []);
  const { functions, classes } = exports as { functions: object[]; classes: object[] };
  assert.deepEqual(functions[1], {
    name: 'read',
    async: 'required',
    params: [
      { name: 'id', type: 'string' },
      { name: 'n', type: 'number', optional: true, default: 5 },
      { name: 'more', type: 'string', rest: true },
    ],
    returns: '{ c: number, at?: string }',
  });
  assert.deepEqual(classes[0], {
    name: 'Driver',
    extends: { name: 'EventEmitter', from: 'events' },
    construct: [
      { name: 'host', type: 'string' },
      { name: 'port', type: 'number', optional: true },
    ],
    statics: [{ name: 'kind', type: 'string' }],
    fields: [{ name: 'state', type: "'idle' | 'run'" }],
    accessors: [{ name: 'ready', get: 'boolean' }],
    methods: [{ name: 'set', params: [{ name: 'v', type: 'string | number' }], returns: 'void' }],
  });
});

test('a file that does not parse has an empty outline', async () => {
  assert.deepEqual(await outlinePlugin({ root: treeOf({ 'plugin.ts': 'export const =' }), entry: 'plugin.ts' }), {
    commonjs: false,
    effects: false,
    exports: {},
    builtins: [],
    packages: [],
  });
});
