import type { FunctionRule, ParamRule, TypeRule, Violation } from '../types.ts';
import { allOf, assignable, type Verdict } from './assignability.ts';
import {
  fromForm,
  signatureText,
  typeText,
  unionOf,
  type CodeType,
  type Parameter,
  type Signature,
} from './code-type.ts';
import { differs, unknown, type Findings, type Subject } from './findings.ts';
import { acceptedType, type FunctionShape } from './function-shape.ts';
import { sameJson } from './literal-value.ts';
import type { Json } from '../../../contracts/plugin.ts';

export type Named = ReadonlyMap<string, TypeRule>;

/** A function or method against its rule: kind, arity, order, defaults, and types by assignability. */
export function compareFunction(
  rule: FunctionRule,
  shape: FunctionShape,
  context: { subject: Subject; named: Named; findings: Findings },
): void {
  const { findings, subject, named } = context;
  // With overloads it is enough that one of them keeps the promise.
  let best: Violation[] | undefined;
  for (const signature of shape.signatures) {
    const attempt: Findings = { list: [], deferToLive: findings.deferToLive };
    compareSignature(rule, { shape, signature }, { subject, named, findings: attempt });
    if (best === undefined || attempt.list.length < best.length) best = attempt.list;
  }
  findings.list.push(...(best ?? []));
}

interface Context {
  readonly subject: Subject;
  readonly named: Named;
  readonly findings: Findings;
}

function compareSignature(
  rule: FunctionRule,
  code: { shape: FunctionShape; signature: Signature },
  context: Context,
): void {
  const { findings, subject, named } = context;
  const exact = rule.match === 'exact';
  const result = resultOf(rule, code, context);
  if (rule.params !== undefined) {
    compareParams(rule.params, code.signature.params, { ...context, exact, at: `${rule.at}.params` });
  }
  if (rule.returns === undefined || result === undefined) return;
  const wanted = fromForm(rule.returns, named);
  // A caller who wants nothing takes anything, unless the nothing comes in a promise.
  const ignored = wanted.is === 'void' && result === code.signature.returns && result.is !== 'any';
  const verdict = ignored ? 'yes' : exact ? both(result, wanted) : assignable(result, wanted);
  report(verdict, `${rule.at}.returns`, { findings, subject }, [typeText(wanted), typeText(result)]);
}

function both(a: CodeType, b: CodeType): Verdict {
  return allOf([assignable(a, b), assignable(b, a)]);
}

function report(
  verdict: Verdict,
  at: string,
  { findings, subject }: { findings: Findings; subject: Subject },
  words: readonly [string, string],
): void {
  if (verdict === 'no') differs(findings, at, subject, words);
  else if (verdict === 'unknown') unknown(findings, at, subject, words);
}

/** The type to compare with `returns`: unwrapped as `async` and `generator` say. Reports a wrong kind. */
function resultOf(
  rule: FunctionRule,
  { shape, signature }: { shape: FunctionShape; signature: Signature },
  context: Context,
): CodeType | undefined {
  const { findings, subject } = context;
  const { returns } = signature;
  const wrong = (key: string, expected: string, observed: string): undefined =>
    differs(findings, `${rule.at}.${key}`, subject, [expected, observed]) as undefined;
  const iterates = shape.generator === true || returns.is === 'iterator';
  if (rule.generator !== undefined && rule.generator !== 'forbidden') {
    if (!iterates) return wrong('generator', 'a generator', shape.async === true ? 'an async function' : 'a function');
    const isAsync = returns.is === 'iterator' ? returns.async : shape.async === true;
    if (rule.generator !== 'any' && isAsync !== (rule.generator === 'async')) {
      return wrong('generator', `${rule.generator} generator`, isAsync ? 'async generator' : 'sync generator');
    }
    return returns.is === 'iterator' ? returns.of : returns;
  }
  if (
    shape.generator === true &&
    (rule.generator === 'forbidden' || rule.async !== undefined || rule.match === 'exact')
  ) {
    return wrong('generator', 'no generator', 'a generator');
  }
  if (rule.async === undefined)
    return shape.async === true && returns.is !== 'promise' ? { is: 'promise', of: returns } : returns;
  const promises =
    shape.async === true || (returns.is === 'promise' && (rule.match !== 'exact' || shape.async === undefined));
  if (rule.async === 'required' && !promises) return wrong('async', 'an async function', 'a sync function');
  if (rule.async === 'forbidden' && (promises || returns.is === 'promise'))
    return wrong('async', 'a sync function', 'an async function');
  return rule.async !== 'forbidden' && returns.is === 'promise' ? returns.of : returns;
}

interface ParamContext extends Context {
  readonly exact: boolean;
  readonly at: string;
}

/** Constructor parameters are compared in the same way. */
export function compareParams(rules: readonly ParamRule[], params: readonly Parameter[], context: ParamContext): void {
  const { findings, subject, exact, at } = context;
  const text = (list: readonly Parameter[]): string =>
    signatureText({ params: list, returns: { is: 'unknown' } }).replace(' => unknown', '');
  const expected = `(${rules.map(({ name, optional, rest }) => `${rest ? '...' : ''}${name}${optional ? '?' : ''}`).join(', ')})`;
  const rest = params.find((each) => each.rest);
  const restRule = rules.find((each) => each.rest);
  const swapped = isReordered(rules, params);
  const extra = params.slice(rules.length).find((each) => !each.optional);
  if (swapped) differs(findings, at, subject, [expected, `another order: ${text(params)}`]);
  if (extra !== undefined && restRule === undefined) {
    differs(findings, at, subject, [expected, `a further required parameter "${extra.name}"`]);
  }
  if (exact && (params.length !== rules.length || (rest === undefined) !== (restRule === undefined))) {
    differs(findings, at, subject, [expected, text(params)]);
    return;
  }
  for (const [i, rule] of rules.entries()) {
    const param = params[i] ?? (rest !== undefined ? rest : undefined);
    if (param === undefined) {
      if (rule.default !== undefined)
        differs(findings, `${rule.at}.default`, subject, [JSON.stringify(rule.default.value), 'no such parameter']);
      continue;
    }
    compareParam(rule, param, context);
  }
}

/** The same names in other places: types alone do not see it when they are equal. */
function isReordered(rules: readonly ParamRule[], params: readonly Parameter[]): boolean {
  const places = new Map(params.map(({ name }, i) => [name, i]));
  return rules.some((rule, i) => {
    const place = places.get(rule.name);
    return place !== undefined && place !== i && rules.some((other) => other.name === params[i]?.name);
  });
}

function compareParam(rule: ParamRule, param: Parameter, { findings, subject, named, exact }: ParamContext): void {
  const words = (expected: string, observed: string): readonly [string, string] => [expected, observed];
  if (exact && rule.name !== param.name) differs(findings, `${rule.at}.name`, subject, words(rule.name, param.name));
  if (exact && (rule.optional !== (param.optional && !param.rest) || rule.rest !== param.rest)) {
    differs(
      findings,
      `${rule.at}.optional`,
      subject,
      words(rule.optional ? 'optional' : 'required', param.optional ? 'optional' : 'required'),
    );
  }
  compareDefault(rule, param, { findings, subject });
  const accepted = acceptedType(param);
  if (rule.rest && !param.rest) {
    const only = 'takes one value where the contract passes any number';
    differs(findings, `${rule.at}.rest`, subject, words('a rest parameter', only));
    return;
  }
  const untyped = param.type.is === 'undecided' && param.type.why === 'no annotation';
  if (rule.type === undefined) {
    // Without a type in the contract only the right to leave it out can be judged.
    const refuses =
      rule.optional && !param.optional && !untyped && assignable({ is: 'undefined' }, param.type) === 'no';
    if (refuses) differs(findings, `${rule.at}.optional`, subject, words('optional', 'required'));
    return;
  }
  const form = fromForm(rule.type, named);
  const given = rule.rest && form.is === 'array' ? form.of : form;
  const passed = rule.optional && !rule.rest && !param.rest ? unionOf([given, { is: 'undefined' }]) : given;
  const verdict = exact
    ? allOf([assignable(passed, accepted), assignable(accepted, passed)])
    : assignable(passed, accepted);
  report(verdict, `${rule.at}.type`, { findings, subject }, [typeText(passed), typeText(accepted)]);
}

function compareDefault(
  rule: ParamRule,
  param: Parameter,
  { findings, subject }: { findings: Findings; subject: Subject },
): void {
  if (rule.default === undefined) return;
  const expected = JSON.stringify(rule.default.value);
  const at = `${rule.at}.default`;
  if (param.default === undefined) differs(findings, at, subject, [expected, 'no default']);
  else if (param.default.value === undefined) unknown(findings, at, subject, [expected, 'a computed default']);
  else if (!sameJson(param.default.value as Json, rule.default.value)) {
    differs(findings, at, subject, [expected, JSON.stringify(param.default.value)]);
  }
}
