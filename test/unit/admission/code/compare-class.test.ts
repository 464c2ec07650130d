import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { codes, type Files } from './analysis.ts';

type Row = readonly [name: string, contract: string, files: Files | string, expected: readonly string[]];

const ts = (source: string): Files => ({ 'plugin.ts': source });
const fn = (rule: string): string => `exports: {functions: [{name: run, ${rule}}]}`;
const cl = (rule: string): string => `exports: {classes: [{name: D, ${rule}}]}`;

const rows: Record<string, readonly Row[]> = {
  classes: [
    [
      'a class through its import',
      cl('extends: {name: Base, from: "@gw/sdk"}'),
      'import { Base } from "@gw/sdk"; export class D extends Base {}',
      [],
    ],
    [
      'a renamed import keeps its identity',
      cl('extends: {name: Base, from: "@gw/sdk"}'),
      'import { Base as B } from "@gw/sdk"; export class D extends B {}',
      [],
    ],
    [
      'a class between keeps the identity',
      cl('extends: {name: Base, from: "@gw/sdk"}'),
      {
        'plugin.ts': 'import { M } from "./m.ts"; export class D extends M {}',
        'm.ts': 'import * as sdk from "@gw/sdk"; export class M extends sdk.Base {}',
      },
      [],
    ],
    [
      'the same name from another package is another class',
      cl('extends: {name: Base, from: "@gw/sdk"}'),
      'import { Base } from "other"; export class D extends Base {}',
      ['PC-S102'],
    ],
    ['no superclass where one is wanted', cl('extends: {name: Base}'), 'export class D {}', ['PC-S102']],
    [
      'a builtin superclass by either name',
      cl('extends: {name: EventEmitter, from: "node:events"}'),
      'import { EventEmitter } from "events"; export class D extends EventEmitter {}',
      [],
    ],
    [
      'a member of a class that cannot be read is unknown',
      cl('methods: [{name: go}]'),
      'import { Base } from "@gw/sdk"; export class D extends Base {}',
      ['PC-S103'],
    ],
    [
      'a private member does not count',
      cl('methods: [{name: go}]'),
      'export class D { private go(): void {} }',
      ['PC-S102'],
    ],
    ['a # member is not there', cl('methods: [{name: go}]'), 'export class D { #go(): void {} }', ['PC-S101']],
    ['a method is no field', cl('fields: [{name: go}]'), 'export class D { go(): void {} }', ['PC-S102']],
    [
      'an arrow field is a method to its callers',
      cl('methods: [{name: go, async: required}]'),
      'export class D { go = async (): Promise<void> => {}; }',
      [],
    ],
    [
      'a static is not an instance member',
      cl('methods: [{name: go}]'),
      'export class D { static go(): void {} }',
      ['PC-S101'],
    ],
    [
      'a static value',
      cl('statics: [{name: kind, type: string, value: x}]'),
      'export class D { static kind = "x"; }',
      [],
    ],
    [
      'another static value',
      cl('statics: [{name: kind, value: x}]'),
      'export class D { static kind = "y"; }',
      ['PC-S102'],
    ],
    [
      'a field of the constructor',
      cl('fields: [{name: n, value: 5}]'),
      { 'plugin.js': 'export class D { constructor() { this.n = 5; } }' },
      [],
    ],
    [
      'a field where an accessor is wanted',
      cl('accessors: [{name: r, get: boolean}]'),
      'export class D { r: boolean = true }',
      ['PC-S102'],
    ],
    [
      'an accessor without its setter',
      cl('accessors: [{name: r, get: boolean, set: boolean}]'),
      'export class D { get r(): boolean { return true } }',
      ['PC-S102'],
    ],
    [
      'another type of the getter',
      cl('accessors: [{name: r, get: boolean}]'),
      'export class D { get r(): string { return "" } }',
      ['PC-S102'],
    ],
    [
      'constructor parameters',
      cl('construct: [{name: o, type: "{ host: string, unit?: integer }"}]'),
      'export class D { constructor(o: { host: string; unit?: number }) { void o; } }',
      [],
    ],
    [
      'the constructor wants more',
      cl('construct: [{name: o, type: "{ host: string }"}]'),
      'export class D { constructor(o: { host: string; port: number }) { void o; } }',
      ['PC-S102'],
    ],
    [
      'an inherited constructor',
      cl('construct: [{name: o, type: string}]'),
      'class B { constructor(o: number) { void o; } } export class D extends B {}',
      ['PC-S102'],
    ],
    [
      'an abstract method is no method',
      cl('methods: [{name: go}]'),
      'export abstract class D { abstract go(): void }',
      ['PC-S101'],
    ],
    ['a class expression', cl('methods: [{name: go}]'), 'export const D = class { go(): void {} };', []],
    ['a function is no class', cl('methods: []'), 'export function D() {}', ['PC-S102']],
    [
      'a patched prototype makes it unknown',
      cl('methods: [{name: go}]'),
      'export class D { go(): void {} } D.prototype.go = () => {};',
      ['PC-S103'],
    ],
    [
      'a decorated class hides what it is',
      cl('methods: [{name: other}]'),
      'declare function d(x: unknown): void; @d export class D { go(): void {} }',
      ['PC-S103'],
    ],
  ],
  module: [
    ['an export named then', '', 'export function then() {}', ['PC-S105']],
    [
      'then behind a star',
      '',
      { 'plugin.ts': "export * from './a.ts';", 'a.ts': 'export const then = 1;' },
      ['PC-S105'],
    ],
    ['a type named then is none', '', 'export type then = string;', []],
    [
      'a closed policy denies more exports',
      'exports: {policy: closed, variables: [{name: v}]}',
      'export const v = 1; export const w = 2; export type T = string;',
      ['PC-S104'],
    ],
    [
      'warn does not deny',
      'exports: {policy: warn, variables: [{name: v}]}',
      'export const v = 1; export const w = 2;',
      [],
    ],
    [
      're-exports in a circle end',
      fn('params: []'),
      {
        'plugin.ts': "export * from './a.ts';",
        'a.ts': "export * from './plugin.ts'; export { run } from './b.ts';",
        'b.ts': "export { run } from './a.ts';",
      },
      ['PC-S101'],
    ],
    ['a star from outside may hold the name', fn('params: []'), "export * from 'elsewhere';", ['PC-S103']],
    ['a syntax error has its place', '', 'export const = 4;', ['PC-S001']],
    ['a missing entry', '', {}, ['PC-S001']],
    ['CommonJS needs its grant', fn('params: []'), { 'plugin.js': 'module.exports = { run() {} };' }, ['PC-S103']],
    [
      'CommonJS with its grant',
      `plugin: {format: allow-cjs}\n${fn('params: []')}`,
      { 'plugin.js': 'module.exports = { run() {} };' },
      [],
    ],
    [
      'exports.x of CommonJS',
      `plugin: {format: allow-cjs}\n${fn('params: []')}`,
      {
        'plugin.cjs': 'exports.run = function () {};',
        'plugin.js': "exports.run = require('./plugin.cjs').run; exports.run = () => {};",
      },
      [],
    ],
  ],
};

for (const [name, list] of Object.entries(rows)) {
  suite(name, () => {
    for (const [title, contract, files, expected] of list) {
      test(title, async () => {
        const found = await codes(contract, typeof files === 'string' ? ts(files) : files);
        if (expected.length > 1) assert.ok(found.length === 1 && expected.includes(found[0]!), found.join());
        else assert.deepEqual(found, expected);
      });
    }
  });
}
