import type { ClassRule, FunctionRule, VariableRule } from '../types.ts';
import { nearest } from '../language/nearest.ts';
import { assignable } from './assignability.ts';
import type { Ancestor, ClassShape, MemberShape } from './class-shape.ts';
import { fromForm, typeText, type CodeType } from './code-type.ts';
import { compareFunction, compareParams, type Named } from './compare-function.ts';
import { compareValue } from './compare-value.ts';
import { differs, missing, unknown, type Findings, type Subject } from './findings.ts';
import { packageFolder } from './package-facts.ts';
import { canonicalBuiltin, packageNameOf } from './resolve-specifier.ts';
import { typeOfValue } from './shape.ts';

interface Context {
  readonly subject: Subject;
  readonly named: Named;
  readonly findings: Findings;
}

/** A class against its rule; inherited members count as its own. */
export function compareClass(rule: ClassRule, shape: ClassShape, context: Context): void {
  compareExtends(rule, shape, context);
  if (rule.construct !== undefined) {
    const at = `${rule.at}.construct`;
    if (shape.construct === undefined)
      unknown(context.findings, at, context.subject, ['a known constructor', 'an inherited constructor']);
    else compareParams(rule.construct, shape.construct, { ...context, exact: false, at });
  }
  for (const each of rule.fields) compareField(each, member(shape, 'members', each, context), context);
  for (const each of rule.statics) compareField(each, member(shape, 'statics', each, context), context);
  for (const each of rule.methods) compareMethod(each, member(shape, 'members', each, context), context);
  for (const each of rule.staticMethods) compareMethod(each, member(shape, 'statics', each, context), context);
  for (const each of rule.accessors) {
    const found = member(shape, 'members', each, context);
    if (found === undefined) continue;
    const subject = inside(context.subject, each.name, found);
    if (found.is !== 'accessor') {
      differs(context.findings, each.at, subject, ['an accessor', `a ${found.is}`]);
      continue;
    }
    for (const side of ['get', 'set'] as const)
      compareSide(each[side], found[side], { ...context, subject, at: `${each.at}.${side}`, side });
  }
}

function inside(subject: Subject, name: string, shape: MemberShape): Subject {
  return { name: `${subject.name}.${name}`, place: shape.place };
}

function member(
  shape: ClassShape,
  group: 'members' | 'statics',
  rule: { at: string; name: string },
  { subject, findings }: Context,
): MemberShape | undefined {
  const found = shape[group].get(rule.name);
  const name = `${subject.name}.${rule.name}`;
  if (found?.hidden === true) {
    differs(findings, rule.at, { name, place: found.place }, ['a public member', 'a private or protected member']);
    return undefined;
  }
  const abstract = found?.is === 'method' && found.function.async === undefined;
  if (found !== undefined && !abstract) return found;
  if (shape.open)
    unknown(findings, rule.at, { name, place: subject.place }, [
      rule.name,
      'perhaps inherited from a class that cannot be read',
    ]);
  else missing(findings, rule.at, { name, place: subject.place }, nearest(rule.name, shape[group].keys()));
  return undefined;
}

function compareField(rule: VariableRule, found: MemberShape | undefined, context: Context): void {
  if (found === undefined) return;
  const subject = inside(context.subject, rule.name, found);
  if (found.is !== 'field') differs(context.findings, rule.at, subject, ['a field', `a ${found.is}`]);
  else {
    if (rule.const && !found.readonly)
      differs(context.findings, `${rule.at}.const`, subject, ['readonly', 'a field that may change']);
    compareValue(rule, { type: found.type, value: found.value }, { ...context, subject });
  }
}

function compareMethod(rule: FunctionRule, found: MemberShape | undefined, context: Context): void {
  if (found === undefined) return;
  const subject = inside(context.subject, rule.name, found);
  if (found.is === 'method') compareFunction(rule, found.function, { ...context, subject });
  else if (found.is === 'field' && found.value === undefined)
    unknown(context.findings, rule.at, subject, ['a method', 'a field with a computed value']);
  else
    differs(context.findings, rule.at, subject, [
      'a method',
      found.is === 'field' ? `a field ${typeText(typeOfValue(found.value?.value ?? null))}` : 'an accessor',
    ]);
}

function compareSide(
  rule: Parameters<typeof fromForm>[0] | true | undefined,
  code: CodeType | undefined,
  { subject, findings, named, at, side }: Context & { at: string; side: 'get' | 'set' },
): void {
  if (rule === undefined) return;
  if (code === undefined) {
    differs(findings, at, subject, [`a ${side}ter`, `no ${side}ter`]);
    return;
  }
  if (rule === true) return;
  const wanted = fromForm(rule, named);
  const verdict = side === 'get' ? assignable(code, wanted) : assignable(wanted, code);
  const words = [typeText(wanted), typeText(code)] as const;
  if (verdict === 'no') differs(findings, at, subject, words);
  else if (verdict === 'unknown') unknown(findings, at, subject, words);
}

/** Identity by module: a local class of the same name is another class. */
function compareExtends({ extends: rule }: ClassRule, { ancestors }: ClassShape, { subject, findings }: Context): void {
  if (rule === undefined) return;
  const expected = rule.from === undefined ? rule.name : `${rule.name} of ${rule.from}`;
  if (ancestors.some((each) => each.name === rule.name && isFrom(each, rule.from))) return;
  const last = ancestors.at(-1);
  const observed = ancestors
    .map(({ name, from }) => `${name ?? 'a computed class'}${from === undefined ? '' : ` of ${from}`}`)
    .join(', ');
  const unclear =
    last !== undefined && (last.name === undefined || (last.name === 'default' && isFrom(last, rule.from)));
  if (unclear) unknown(findings, rule.at, subject, [expected, observed]);
  else differs(findings, rule.at, subject, [expected, observed || 'no superclass']);
}

function isFrom({ from, module }: Ancestor, wanted: string | undefined): boolean {
  const local = from === undefined || from.startsWith('.') || from.startsWith('#');
  if (wanted === undefined) return local;
  const folder = packageFolder(module.path);
  if (folder !== '' && folder.endsWith(`node_modules/${wanted}`)) return true;
  if (from === undefined) return false;
  if (from === wanted || packageNameOf(from) === wanted) return true;
  const builtin = canonicalBuiltin(from);
  return builtin !== undefined && builtin === canonicalBuiltin(wanted);
}
