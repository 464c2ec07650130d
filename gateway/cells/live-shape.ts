import { isDeepStrictEqual } from 'node:util';

/** One export of the loaded module, read from descriptors only. */
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
}

export interface LiveShape {
  readonly exports: readonly LiveExport[];
  /** Globals and intrinsics that loading added, removed or changed. */
  readonly changedGlobals: readonly string[];
}

/** What the contract and the static check say about one export. Undefined: not demanded. */
export interface ExpectedExport {
  readonly name: string;
  readonly kind: 'function' | 'class' | 'value';
  readonly async?: boolean | undefined;
  readonly generator?: boolean | undefined;
  /** More parameters without default than this would mean another function. */
  readonly maxLength?: number | undefined;
  readonly members?: readonly string[] | undefined;
  readonly statics?: readonly string[] | undefined;
  readonly value?: { readonly value: unknown } | undefined;
}

export interface ExpectedShape {
  readonly closed: boolean;
  readonly exports: readonly ExpectedExport[];
}

export interface Difference {
  readonly code: 'PC-R203' | 'PC-R205';
  readonly detail: string;
}

/**
 * The live module against what was read from its source. A hostile plugin shares the process that looked, so this is
 * evidence of compatibility, never of harmlessness.
 */
export function compareShapes(live: LiveShape, expected: ExpectedShape): readonly Difference[] {
  const found = new Map(live.exports.map((one) => [one.name, one]));
  const known = new Set(expected.exports.map(({ name }) => name));
  const differs = (detail: string): Difference => ({ code: 'PC-R203', detail });
  const extra = expected.closed ? live.exports.filter(({ name }) => !known.has(name)) : [];
  return [
    ...live.changedGlobals.map((name): Difference => ({ code: 'PC-R205', detail: `loading changed ${name}` })),
    ...expected.exports.flatMap((one) => {
      const other = found.get(one.name);
      if (other === undefined) return [differs(`export ${one.name} is missing`)];
      return differencesOf(one, other).map((what) => differs(`export ${one.name}: ${what}`));
    }),
    ...extra.map(({ name }) => differs(`export ${name} is not in the contract`)),
  ];
}

function differencesOf(expected: ExpectedExport, live: LiveExport): readonly string[] {
  if (live.kind !== expected.kind) return [`expected a ${expected.kind}, found a ${live.kind}`];
  const wrong: string[] = [];
  for (const key of ['async', 'generator'] as const) {
    if (expected[key] !== undefined && live[key] !== expected[key]) {
      wrong.push(`expected it ${expected[key] ? '' : 'not '}to be ${key}`);
    }
  }
  if (expected.maxLength !== undefined && (live.length ?? 0) > expected.maxLength) {
    wrong.push(`${live.length} required parameters instead of at most ${expected.maxLength}`);
  }
  for (const key of ['members', 'statics'] as const) {
    const missing = expected[key]?.filter((name) => live[key]?.includes(name) !== true) ?? [];
    if (missing.length > 0) wrong.push(`${key} missing: ${missing.join(', ')}`);
  }
  if (expected.value && !isDeepStrictEqual(parsed(live.json), expected.value.value)) wrong.push('another value');
  return wrong;
}

function parsed(json: string | undefined): unknown {
  return json === undefined ? undefined : (JSON.parse(json) as unknown);
}
