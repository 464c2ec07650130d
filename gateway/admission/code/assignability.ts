import { unionOf, type CodeProperty, type CodeType } from './code-type.ts';

/** `unknown` means that the forms cannot decide; it is never taken for `no`, and never for `yes`. */
export type Verdict = 'yes' | 'no' | 'unknown';

/** Every part must hold: one `no` decides, else one `unknown`. */
export function allOf(verdicts: Iterable<Verdict>): Verdict {
  let result: Verdict = 'yes';
  for (const each of verdicts) {
    if (each === 'no') return 'no';
    if (each === 'unknown') result = 'unknown';
  }
  return result;
}

function anyOf(verdicts: Iterable<Verdict>): Verdict {
  let result: Verdict = 'no';
  for (const each of verdicts) {
    if (each === 'yes') return 'yes';
    if (each === 'unknown') result = 'unknown';
  }
  return result;
}

/**
 * Whether a value of type `from` may be used where `to` is wanted, by TypeScript's rules under `strict`
 * (handbook, "Type Compatibility"), with one difference: `any` decides nothing on either side.
 */
export function assignable(from: CodeType, to: CodeType): Verdict {
  if (from.is === 'any' || to.is === 'any' || from.is === 'undecided') return 'unknown';
  if (to.is === 'unknown' || from.is === 'never') return 'yes';
  if (to.is === 'undecided') return 'unknown';
  if (from.is === 'union') return allOf(from.of.map((each) => assignable(each, to)));
  if (to.is === 'union') return toUnion(from, to.of);
  if (to.is === 'void') return from.is === 'void' || from.is === 'undefined' ? 'yes' : 'no';
  if (to.is === 'anyObject') return toAnyObject(from);
  if (to.is === 'object') return toObject(from, to.properties);
  return sameKind(from, to);
}

function toUnion(from: CodeType, members: readonly CodeType[]): Verdict {
  const verdict = anyOf(members.map((each) => assignable(from, each)));
  if (verdict !== 'no') return verdict;
  if (from.is === 'boolean') {
    const has = (value: boolean): boolean => members.some((each) => each.is === 'literal' && each.value === value);
    return has(true) && has(false) ? 'yes' : 'no';
  }
  // An object may fit a union of objects by its discriminant although it fits no single member.
  const objects = members.filter((each) => each.is === 'object').length;
  return from.is === 'object' && objects > 1 ? 'unknown' : 'no';
}

function sameKind(from: CodeType, to: CodeType): Verdict {
  if (from.is === 'literal') {
    if (to.is === 'literal') return from.value === to.value ? 'yes' : 'no';
    return typeof from.value === to.is ? 'yes' : 'no';
  }
  if (to.is === 'array') {
    if (from.is === 'array') return assignable(from.of, to.of);
    return from.is === 'tuple' ? allOf(from.of.map((each) => assignable(each, to.of))) : 'no';
  }
  if (to.is === 'tuple') {
    if (from.is !== 'tuple' || from.of.length !== to.of.length) return 'no';
    return allOf(from.of.map((each, i) => assignable(each, to.of[i]!)));
  }
  if (to.is === 'record') return toRecord(from, to.of);
  if (to.is === 'bytes') return from.is === 'bytes' ? (from.buffer || !to.buffer ? 'yes' : 'no') : 'no';
  if (to.is === 'promise') return from.is === 'promise' ? assignable(from.of, to.of) : 'no';
  if (to.is === 'iterator') {
    if (from.is === 'iterator') return from.async === to.async ? assignable(from.of, to.of) : 'no';
    return from.is === 'array' && !to.async ? assignable(from.of, to.of) : 'no';
  }
  if (to.is === 'function' || to.is === 'instance') return from.is === to.is || from.is === 'object' ? 'unknown' : 'no';
  return from.is === to.is ? 'yes' : 'no';
}

function toRecord(from: CodeType, of: CodeType): Verdict {
  if (from.is === 'record') return assignable(from.of, of);
  if (from.is !== 'object') return from.is === 'instance' ? 'unknown' : 'no';
  return allOf([...from.properties.values()].map(({ type }) => assignable(type, of)));
}

const primitives = new Set(['string', 'number', 'boolean', 'bigint', 'symbol', 'literal', 'null', 'undefined', 'void']);

function toAnyObject(from: CodeType): Verdict {
  return primitives.has(from.is) || from.is === 'unknown' ? 'no' : 'yes';
}

function toObject(from: CodeType, target: ReadonlyMap<string, CodeProperty>): Verdict {
  const wanted = [...target];
  if (from.is === 'unknown' || from.is === 'null' || from.is === 'undefined' || from.is === 'void') return 'no';
  if (wanted.length === 0) return 'yes';
  if (from.is === 'record')
    return allOf(wanted.map(([, each]) => (each.optional ? assignable(from.of, each.type) : 'no')));
  if (from.is !== 'object') {
    // Strings, arrays and functions have members of their own (`length`), which are not listed here.
    return primitives.has(from.is) && !target.has('length') ? 'no' : 'unknown';
  }
  const { properties } = from;
  const common = wanted.some(([key]) => properties.has(key));
  if (!common && properties.size > 0 && wanted.every(([, each]) => each.optional)) return 'no';
  return allOf(
    wanted.map(([key, each]) => {
      const own = properties.get(key);
      if (own === undefined) return each.optional ? 'yes' : 'no';
      if (own.optional && !each.optional) return 'no';
      return assignable(own.type, each.optional ? unionOf([each.type, { is: 'undefined' }]) : each.type);
    }),
  );
}
