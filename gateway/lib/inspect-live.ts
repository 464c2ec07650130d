import type { LiveExport, LiveShape } from './live-shape.ts';

// Taken before any byte of a plugin runs, so that a plugin that patches them cannot make the inspection lie by accident.
const { apply, ownKeys, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const toText: () => string = Reflect.get(Function.prototype, 'toString');
const stringify = JSON.stringify;
const isSame = Object.is;
const isArray = Array.isArray;
const asyncFunction = getPrototypeOf(async () => undefined);
const generatorFunction = getPrototypeOf(function* () {});
const asyncGeneratorFunction = getPrototypeOf(async function* () {});

const maxValueChars = 4_096;
const maxNames = 1_024;
const maxChanged = 64;

/** Describes the exports by their descriptors. No getter, no method and no `toJSON` with an effect of its own is called for functions and classes. */
export function inspectExports(namespace: object): readonly LiveExport[] {
  return ownNames(namespace).map((name) => describe(name, getOwnPropertyDescriptor(namespace, name), true));
}

function ownNames(object: object): readonly string[] {
  return ownKeys(object)
    .slice(0, maxNames)
    .filter((key) => typeof key === 'string');
}

function describe(name: string, descriptor: PropertyDescriptor | undefined, withFields: boolean): LiveExport {
  if (descriptor === undefined || !('value' in descriptor)) return { name, kind: 'accessor' };
  const value: unknown = descriptor.value;
  if (typeof value !== 'function') {
    const described: LiveExport = { name, kind: 'value', json: jsonOf(value) };
    if (!withFields || typeof value !== 'object' || value === null || isArray(value)) return described;
    const fields = ownNames(value).map((key) => describe(key, getOwnPropertyDescriptor(value, key), false));
    return { ...described, fields };
  }
  const length = getOwnPropertyDescriptor(value, 'length')?.value as unknown;
  const parameters = typeof length === 'number' ? length : undefined;
  if (apply(toText, value, []).startsWith('class')) {
    const prototype = getOwnPropertyDescriptor(value, 'prototype')?.value as unknown;
    const members = typeof prototype === 'object' && prototype !== null ? namesOf(prototype) : [];
    return { name, kind: 'class', length: parameters, members, statics: namesOf(value) };
  }
  const prototype = getPrototypeOf(value);
  return {
    name,
    kind: 'function',
    length: parameters,
    async: prototype === asyncFunction || prototype === asyncGeneratorFunction,
    generator: prototype === generatorFunction || prototype === asyncGeneratorFunction,
  };
}

/** Members of an object and of what it inherits from, up to the language's own prototypes. */
function namesOf(object: object): readonly string[] {
  const names = new Set<string>();
  for (let at: object | null = object; at !== null && !intrinsicSet.has(at); at = getPrototypeOf(at)) {
    for (const key of ownKeys(at)) if (typeof key === 'string' && names.size < maxNames) names.add(key);
  }
  return [...names];
}

/** JSON of plain data; an object with an accessor in it has none, so that no getter is called. */
function jsonOf(value: unknown): string | undefined {
  if (!isPlain(value, 8)) return undefined;
  const json = stringify(value);
  return json !== undefined && json.length <= maxValueChars ? json : undefined;
}

function isPlain(value: unknown, depth: number): boolean {
  if (value === null || typeof value !== 'object') return !['function', 'symbol', 'bigint'].includes(typeof value);
  if (depth === 0) return false;
  return ownKeys(value).every((key) => {
    const descriptor = getOwnPropertyDescriptor(value, key);
    return descriptor !== undefined && 'value' in descriptor && isPlain(descriptor.value, depth - 1);
  });
}

/** The language's own objects that a plugin could patch for everybody in its process. */
const intrinsics: readonly (readonly [string, object])[] = Object.entries({
  Object,
  Array,
  Function,
  String,
  Number,
  Boolean,
  Symbol,
  Promise,
  Map,
  Set,
  WeakMap,
  RegExp,
  Date,
  Error,
  Uint8Array,
  Buffer,
}).flatMap(([name, constructor]): (readonly [string, object])[] => [
  [name, constructor],
  [`${name}.prototype`, constructor.prototype as object],
]);
const namespaces: readonly (readonly [string, object])[] = [
  ['JSON', JSON],
  ['Math', Math],
  ['Reflect', Reflect],
  ['globalThis', globalThis],
];
const intrinsicSet: ReadonlySet<object> = new Set(intrinsics.map(([, object]) => object));

/**
 * Own properties of globals and intrinsics, to be compared after loading. Accessors count by their functions. Plain
 * loops: the list methods may be what was changed.
 */
export function snapshotGlobals(): () => LiveShape['changedGlobals'] {
  const before = propertiesOfAll();
  return () => {
    const after = propertiesOfAll();
    const changed: string[] = [];
    for (const [name, value] of after) {
      if (!before.has(name) || !isSame(before.get(name), value)) changed[changed.length] = name;
    }
    for (const name of before.keys()) if (!after.has(name)) changed[changed.length] = name;
    if (changed.length > maxChanged) changed.length = maxChanged;
    return changed;
  };
}

function propertiesOfAll(): ReadonlyMap<string, unknown> {
  const all = new Map<string, unknown>();
  for (const [name, object] of [...intrinsics, ...namespaces]) {
    for (const key of ownKeys(object)) {
      // Node itself notes its own HTTP client here, when the first module asks for a web global.
      if (typeof key === 'symbol' && key.description?.startsWith('undici.') === true) continue;
      const descriptor = getOwnPropertyDescriptor(object, key);
      all.set(`${name}.${String(key)}`, descriptor?.get ?? descriptor?.value);
    }
  }
  return all;
}
