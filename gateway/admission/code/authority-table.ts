/**
 * What gives code more power than its imports say. A pattern needs a capability of the contract, or can never be
 * granted (`escape`).
 */
export type Authority = 'eval' | 'wasm' | 'globalWrites' | 'processObject' | 'escape';

/** Members of `process` that lead around every rule: native bindings, other processes, builtins behind the hooks. */
export const processEscapes: ReadonlySet<string> = new Set([
  'binding',
  '_linkedBinding',
  'dlopen',
  'getBuiltinModule',
  'mainModule',
  'kill',
  '_kill',
  '_debugProcess',
  '_debugEnd',
  '_startProfilerIdleNotifier',
  'execve',
  'reallyExit',
  'abort',
]);

/** Members of builtins that do the same, by canonical name; `all` means every member. */
export const builtinEscapes: ReadonlyMap<
  string,
  { readonly authority: Authority; readonly safe: ReadonlySet<string> | 'none' }
> = new Map([
  [
    'node:module',
    { authority: 'escape', safe: new Set(['builtinModules', 'isBuiltin', 'findSourceMap', 'SourceMap']) },
  ],
  ['node:vm', { authority: 'eval', safe: 'none' }],
  ['node:repl', { authority: 'eval', safe: 'none' }],
  ['node:inspector', { authority: 'escape', safe: 'none' }],
  ['node:inspector/promises', { authority: 'escape', safe: 'none' }],
  ['node:wasi', { authority: 'wasm', safe: 'none' }],
]);

/** Globals that turn text into code. */
export const evaluators: ReadonlySet<string> = new Set(['eval', 'Function']);

/** Names for the global object. */
export const globalObjects: ReadonlySet<string> = new Set(['globalThis', 'global', 'self', 'window']);

/** Functions that change the object given first. */
export const definers: ReadonlySet<string> = new Set([
  'Object.assign',
  'Object.defineProperty',
  'Object.defineProperties',
  'Object.setPrototypeOf',
  'Reflect.set',
  'Reflect.defineProperty',
  'Reflect.deleteProperty',
  'Reflect.setPrototypeOf',
]);

/** Every name that is global in this Node, and the ones of CommonJS that a module may reach. */
export const globalNames: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(globalThis));
