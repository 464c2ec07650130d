import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { codes, type Files } from './analysis.ts';

type Row = readonly [name: string, contract: string, files: Files | string, expected: readonly string[]];

const ts = (source: string): Files => ({ 'plugin.ts': source });
const fn = (rule: string): string => `exports: {functions: [{name: run, ${rule}}]}`;
const vr = (rule: string): string => `exports: {variables: [{name: v, ${rule}}]}`;
const read = 'types: {Reading: {type: object, required: [c], properties: {c: {type: number}, at: {type: string}}}}\n';

const rows: Record<string, readonly Row[]> = {
  variables: [
    [
      'a JSON value is compared deeply, whatever the order',
      vr('value: {a: [1, {b: null}], c: "x"}'),
      'export const v = { c: "x", a: [1, { b: null }] } as const;',
      [],
    ],
    ['another nested value differs', vr('value: {a: [1, 2]}'), 'export const v = { a: [1, 3] };', ['PC-S102']],
    ['null is a value', vr('value: null'), 'export const v = null;', []],
    ['let is no const', vr('const: true'), 'export let v = 1;', ['PC-S102']],
    ['a computed value is unknown', vr('value: 1'), 'export const v = Number("1");', ['PC-S103']],
    [
      'a computed value of another type is different',
      vr('value: 1'),
      'export const v: string = make(); declare function make(): string;',
      ['PC-S102'],
    ],
    [
      'deferToLive leaves an unknown to the live check',
      vr('value: 1, deferToLive: true'),
      'export const v = Number("1");',
      [],
    ],
    ['1.5 is no integer', vr('type: integer'), 'export const v = 1.5;', ['PC-S102']],
    ['a text is no number', vr('type: number'), 'export const v = "1";', ['PC-S102']],
    ['any does not slip through', vr('type: number'), 'export const v: any = 1;', ['PC-S103']],
    ['a literal in a union fits', vr("type: \"'a' | 'b'\""), 'export const v = "a";', []],
    ['a changed object has no known value', vr('value: {a: 1}'), 'export const v = { a: 1 }; v.a = 2;', ['PC-S103']],
    ['a frozen object is a literal', vr('value: {a: 1}'), 'export const v = Object.freeze({ a: 1 });', []],
    ['a function is no variable', vr('type: string'), 'export function v() {}', ['PC-S102']],
    ['a type is no value', vr('type: string'), 'export type v = string;', ['PC-S101']],
    ['a renamed export is found', vr('value: 1'), 'const inner = 1; export { inner as v };', []],
    [
      'a value behind two modules is found',
      vr('value: 7'),
      {
        'plugin.ts': "export * from './a.ts';",
        'a.ts': "export { x as v } from './b.ts';",
        'b.ts': 'export const x = 7;',
      },
      [],
    ],
    ['a negative number is a literal', vr('value: -3'), 'export const v = -3;', []],
  ],
  functions: [
    [
      'a constant arrow is a function',
      fn('params: [{name: a, type: string}], returns: number'),
      'export const run = (a: string): number => a.length;',
      [],
    ],
    ['a variable is no function', fn('params: []'), 'export const run = 4;', ['PC-S102']],
    [
      'fewer parameters are fine',
      fn('params: [{name: a, type: string}, {name: b, type: number}]'),
      'export function run(a: string): void {}',
      [],
    ],
    [
      'an extra optional parameter is fine',
      fn('params: [{name: a, type: string}]'),
      'export function run(a: string, b?: number): void {}',
      [],
    ],
    [
      'an extra optional parameter breaks exact',
      fn('match: exact, params: [{name: a, type: string}]'),
      'export function run(a: string, b?: number): void {}',
      ['PC-S102'],
    ],
    [
      'another name breaks exact',
      fn('match: exact, params: [{name: a, type: string}]'),
      'export function run(b: string): void {}',
      ['PC-S102'],
    ],
    [
      'another name is fine when compatible',
      fn('params: [{name: a, type: string}]'),
      'export function run(b: string): void {}',
      [],
    ],
    [
      'swapped parameters of one type are seen by name',
      fn('params: [{name: a, type: string}, {name: b, type: string}]'),
      'export function run(b: string, a: string): void {}',
      ['PC-S102'],
    ],
    [
      'swapped parameters of two types are seen by type',
      fn('params: [{name: a, type: string}, {name: b, type: number}]'),
      'export function run(x: number, y: string): void {}',
      ['PC-S102'],
    ],
    [
      'a wider parameter is fine',
      fn('params: [{name: a, type: string}]'),
      'export function run(a: string | number): void {}',
      [],
    ],
    [
      'a narrower parameter is not',
      fn('params: [{name: a, type: "string | number"}]'),
      'export function run(a: string): void {}',
      ['PC-S102'],
    ],
    [
      'an unknown parameter takes all',
      fn('params: [{name: a, type: string}]'),
      'export function run(a: unknown): void {}',
      [],
    ],
    [
      'an any parameter is not decided',
      fn('params: [{name: a, type: string}]'),
      'export function run(a: any): void {}',
      ['PC-S103'],
    ],
    [
      'a required parameter where the contract leaves it out',
      fn('params: [{name: a, type: string, optional: true}]'),
      'export function run(a: string): void {}',
      ['PC-S102'],
    ],
    [
      'a parameter that takes undefined may be left out',
      fn('params: [{name: a, type: string, optional: true}]'),
      'export function run(a: string | undefined): void {}',
      [],
    ],
    [
      'a computed default is unknown',
      fn('params: [{name: a, default: 1}]'),
      'export function run(a: number = Date.now()): void {}',
      ['PC-S103'],
    ],
    [
      'rest covers what the contract lists',
      fn('params: [{name: a, type: string}, {name: b, type: string}]'),
      'export function run(...all: string[]): void {}',
      [],
    ],
    [
      'rest is demanded',
      fn('params: [{name: a, type: "string[]", rest: true}]'),
      'export function run(a: string[]): void {}',
      ['PC-S102'],
    ],
    [
      'rest is there',
      fn('params: [{name: a, type: "string[]", rest: true}]'),
      'export function run(...a: string[]): void {}',
      [],
    ],
    ['a narrower result is fine', fn('returns: "string | number"'), 'export function run(): string { return "" }', []],
    [
      'a wider result is not',
      fn('returns: string'),
      'export function run(): string | undefined { return undefined }',
      ['PC-S102'],
    ],
    ['a result of any is not decided', fn('returns: string'), 'export function run(): any {}', ['PC-S103']],
    [
      'a result without annotation is not guessed',
      fn('returns: string'),
      'export function run() { return "" }',
      ['PC-S103'],
    ],
    ['a body that returns nothing gives void', fn('returns: string'), 'export function run() {}', ['PC-S102']],
    [
      'an alias is followed',
      `${read}${fn('async: required, returns: Reading')}`,
      'type R = { c: number; at?: string }; export async function run(): Promise<R> { return { c: 1 } }',
      [],
    ],
    [
      'an interface of another module is followed',
      `${read}${fn('async: required, returns: Reading')}`,
      {
        'plugin.ts': "import type { R } from './t.ts'; export async function run(): Promise<R> { return { c: 1 } }",
        't.ts': 'interface B { c: number } export interface R extends B { at: string }',
      },
      [],
    ],
    [
      'a missing property of the result is seen',
      `${read}${fn('async: required, returns: Reading')}`,
      'interface R { at: string } export async function run(): Promise<R> { return { at: "" } }',
      ['PC-S102'],
    ],
    [
      'an optional property where one is required',
      `${read}${fn('returns: Reading')}`,
      'export function run(): { c?: number } { return {} }',
      ['PC-S102'],
    ],
    [
      'an imported type from outside is not decided',
      `${read}${fn('returns: Reading')}`,
      "import type { R } from 'elsewhere'; export function run(): R { throw 1 }",
      ['PC-S103'],
    ],
    [
      'a promise without the keyword is async to its caller',
      fn('async: required, returns: number'),
      'export function run(): Promise<number> { return Promise.resolve(1) }',
      [],
    ],
    [
      'an async function where sync is wanted',
      fn('async: forbidden'),
      'export async function run(): Promise<void> {}',
      ['PC-S102'],
    ],
    [
      'an async function whose plain result is wanted',
      fn('returns: number'),
      'export async function run(): Promise<number> { return 1 }',
      ['PC-S102'],
    ],
    [
      'an async generator',
      fn('generator: async, returns: number'),
      'export async function* run(): AsyncGenerator<number> { yield 1 }',
      [],
    ],
    [
      'a sync generator where an async one is wanted',
      fn('generator: async, returns: number'),
      'export function* run(): Generator<number> { yield 1 }',
      ['PC-S102'],
    ],
    [
      'a function where a generator is wanted',
      fn('generator: sync'),
      'export function run(): number { return 1 }',
      ['PC-S102'],
    ],
    [
      'another yielded type',
      fn('generator: sync, returns: string'),
      'export function* run(): Generator<number> { yield 1 }',
      ['PC-S102'],
    ],
    [
      'one overload that fits is enough',
      fn('params: [{name: a, type: number}], returns: number'),
      'export function run(a: string): string; export function run(a: number): number; export function run(a: unknown): unknown { return a }',
      [],
    ],
    [
      'no overload fits',
      fn('params: [{name: a, type: boolean}]'),
      'export function run(a: string): string; export function run(a: number): number; export function run(a: unknown): unknown { return a }',
      ['PC-S102'],
    ],
    [
      'an assertion hides the type',
      fn('returns: number'),
      'export const run = (() => "x") as unknown as () => number;',
      ['PC-S103'],
    ],
    [
      'a typed constant keeps its promise',
      fn('params: [{name: a, type: string}], returns: number'),
      'type F = (a: string) => number; export const run: F = (a) => a.length;',
      [],
    ],
    [
      'bytes are a Uint8Array',
      fn('params: [{name: a, type: bytes}], returns: bytes'),
      'export function run(a: Uint8Array): Buffer { return Buffer.from(a) }',
      [],
    ],
    [
      'a Buffer parameter is narrower than bytes',
      fn('params: [{name: a, type: bytes}]'),
      'export function run(a: Buffer): void {}',
      ['PC-S102'],
    ],
    [
      'a recursive type is not decided and does not hang',
      fn('returns: string'),
      'type T = { next: T[] } | T[]; export function run(): T { throw 1 }',
      ['PC-S103', 'PC-S102'],
    ],
    ['a Date is no text', fn('returns: string'), 'export function run(): Date { return new Date(0) }', ['PC-S102']],
    [
      'Partial, Pick and Omit are understood',
      `${read}${fn('params: [{name: r, type: Reading}]')}`,
      'interface R { c: number; at: string; z: boolean } export function run(r: Partial<Omit<R, "z">>): void {}',
      [],
    ],
    [
      'an enum gives its values',
      fn("returns: \"'a' | 'b'\""),
      'enum E { A = "a", B = "b" } export function run(): E { return E.A }',
      [],
    ],
    ['this is no parameter', fn('params: []'), 'export function run(this: unknown): void {}', []],
    [
      'a default export is named default',
      'exports: {functions: [{name: default, params: [{name: a, type: string}]}]}',
      'export default function (a: string): void {}',
      [],
    ],
    [
      'plain JavaScript has no types to compare',
      fn('returns: string'),
      { 'plugin.js': 'export function run() { return "" }' },
      ['PC-S103'],
    ],
    [
      'an alias of a local function is followed',
      fn('params: []'),
      'function inner(): void {} export const run = inner;',
      [],
    ],
    [
      'a conditional expression is unknown',
      fn('params: []'),
      'export const run = process.argv.length > 2 ? () => 1 : () => 2;',
      ['PC-S103'],
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
