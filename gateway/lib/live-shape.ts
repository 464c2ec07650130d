import { isDeepStrictEqual } from 'node:util';

/** One export of the loaded module, or one field of an exported object, read from descriptors only. */
export interface LiveExport {
  readonly name: string;
  readonly kind: 'function' | 'class' | 'value' | 'accessor';
  readonly async?: boolean | undefined;
  readonly generator?: boolean | undefined;
  /** Parameters before the first default or rest. */
  readonly length?: number | undefined;
  readonly members?: readonly string[] | undefined;
  readonly statics?: readonly string[] | undefined;
  /** JSON text of a value that has one of at most 4 KiB. */
  readonly json?: string | undefined;
  /** Own fields of an exported object; fields have no fields. */
  readonly fields?: readonly LiveExport[] | undefined;
}

export interface LiveShape {
  readonly exports: readonly LiveExport[];
  /** Globals and intrinsics that loading added, removed or changed. */
  readonly changedGlobals: readonly string[];
}

/** What a contract, or the source that was checked, says about one export or field. Undefined: it does not say. */
export interface ExpectedExport {
  readonly name: string;
  readonly kind?: LiveExport['kind'] | undefined;
  readonly async?: boolean | undefined;
  readonly generator?: boolean | undefined;
  readonly length?: number | undefined;
  /** More parameters without default than this would mean another function. */
  readonly maxLength?: number | undefined;
  readonly members?: readonly string[] | undefined;
  readonly statics?: readonly string[] | undefined;
  /** True: members and statics are all there are. */
  readonly sealed?: boolean | undefined;
  readonly value?: { readonly value: unknown } | undefined;
  readonly fields?: ExpectedNames | undefined;
}

interface ExpectedNames {
  /** True: there are no others. */
  readonly closed: boolean;
  readonly exports: readonly ExpectedExport[];
}

export type ExpectedShape = ExpectedNames;

/** What a loaded module is held to: its contract, and what was seen in the source that was checked. */
export interface CheckedShape {
  readonly contract: ExpectedShape;
  readonly source?: ExpectedShape | undefined;
}

export interface Difference {
  readonly code: 'PC-R203' | 'PC-R205';
  readonly detail: string;
}

/**
 * The live module against what was read before it ran. A hostile plugin shares the process that looked, so this is
 * evidence of compatibility, never of harmlessness.
 */
export function compareShapes(live: LiveShape, { contract, source }: CheckedShape): readonly Difference[] {
  const against = (expected: ExpectedShape | undefined, where: string): readonly Difference[] =>
    expected === undefined
      ? []
      : namesApart(live.exports, expected, where).map((what) => ({ code: 'PC-R203', detail: `export ${what}` }));
  return [
    ...live.changedGlobals.map((name): Difference => ({ code: 'PC-R205', detail: `loading changed ${name}` })),
    ...against(contract, 'the contract'),
    ...against(source, 'the source that was checked'),
  ];
}

function namesApart(live: readonly LiveExport[], expected: ExpectedNames, where: string): readonly string[] {
  const found = new Map(live.map((one) => [one.name, one]));
  const known = new Set(expected.exports.map(({ name }) => name));
  const extra = expected.closed ? live.filter(({ name }) => !known.has(name)) : [];
  return [
    ...expected.exports.flatMap((one) => {
      const other = found.get(one.name);
      if (other === undefined) return [`${one.name} is missing`];
      return differencesOf(one, other, where).map((what) => `${one.name}: ${what}`);
    }),
    ...extra.map(({ name }) => `${name} is not in ${where}`),
  ];
}

function differencesOf(expected: ExpectedExport, live: LiveExport, where: string): readonly string[] {
  if (expected.kind !== undefined && live.kind !== expected.kind) {
    return [`${where} says a ${expected.kind}, found a ${live.kind}`];
  }
  const wrong: string[] = [];
  for (const key of ['async', 'generator'] as const) {
    if (expected[key] !== undefined && live[key] !== expected[key]) {
      wrong.push(`${where} says that it is ${expected[key] ? '' : 'not '}${key}`);
    }
  }
  const { length = 0 } = live;
  if (expected.length !== undefined && length !== expected.length) {
    wrong.push(`${length} required parameters instead of ${expected.length}`);
  }
  if (expected.maxLength !== undefined && length > expected.maxLength) {
    wrong.push(`${length} required parameters instead of at most ${expected.maxLength}`);
  }
  for (const key of ['members', 'statics'] as const) wrong.push(...membersApart(key, expected, live, where));
  if (expected.value && !isDeepStrictEqual(parsed(live.json), expected.value.value)) {
    wrong.push(`another value than ${where} says`);
  }
  if (expected.fields) wrong.push(...namesApart(live.fields ?? [], expected.fields, where).map((what) => `.${what}`));
  return wrong;
}

/** What every class has of its own. */
const ofAnyClass = new Set(['constructor', 'length', 'name', 'prototype']);

function membersApart(
  key: 'members' | 'statics',
  expected: ExpectedExport,
  live: LiveExport,
  where: string,
): readonly string[] {
  const [wanted, there] = [expected[key] ?? [], live[key] ?? []];
  const missing = wanted.filter((name) => !there.includes(name));
  const extra = expected.sealed ? there.filter((name) => !wanted.includes(name) && !ofAnyClass.has(name)) : [];
  return [
    ...(missing.length > 0 ? [`${key} missing: ${missing.join(', ')}`] : []),
    ...(extra.length > 0 ? [`${key} that are not in ${where}: ${extra.join(', ')}`] : []),
  ];
}

function parsed(json: string | undefined): unknown {
  return json === undefined ? undefined : (JSON.parse(json) as unknown);
}
