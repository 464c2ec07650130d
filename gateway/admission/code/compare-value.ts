import type { TypeForm, VariableRule } from '../types.ts';
import type { Json } from '../../../contracts/plugin.ts';
import { assignable } from './assignability.ts';
import { fromForm, typeText, type CodeType } from './code-type.ts';
import type { Named } from './compare-function.ts';
import { differs, unknown, type Findings, type Subject } from './findings.ts';
import { sameJson } from './literal-value.ts';
import { typeOfValue } from './shape.ts';

interface Value {
  readonly type: CodeType;
  readonly value: { readonly value: Json } | undefined;
}

/** Type and value of a variable, static or field. A literal decides its type by itself. */
export function compareValue(
  rule: VariableRule,
  code: Value,
  context: { subject: Subject; named: Named; findings: Findings },
): void {
  const { subject, named, findings } = context;
  if (rule.type !== undefined) {
    const wanted = fromForm(rule.type, named);
    const literal = code.value === undefined ? undefined : typeOfValue(code.value.value);
    const declared = assignable(code.type, wanted);
    const verdict =
      declared === 'unknown' && code.type.is !== 'any' && literal !== undefined
        ? assignable(literal, wanted)
        : declared;
    const words = [typeText(wanted), typeText(literal ?? code.type)] as const;
    if (verdict === 'no' || (code.value !== undefined && !isWhole(rule.type, code.value.value)))
      differs(findings, `${rule.at}.type`, subject, words);
    else if (verdict === 'unknown') unknown(findings, `${rule.at}.type`, subject, words);
  }
  if (rule.value === undefined) return;
  const expected = short(rule.value.value);
  if (code.value === undefined) {
    const impossible = code.type.is !== 'undecided' && assignable(typeOfValue(rule.value.value), code.type) === 'no';
    if (impossible) differs(findings, `${rule.at}.value`, subject, [expected, typeText(code.type)]);
    else unknown(findings, `${rule.at}.value`, subject, [expected, 'a computed value']);
  } else if (!sameJson(code.value.value, rule.value.value)) {
    differs(findings, `${rule.at}.value`, subject, [expected, short(code.value.value)]);
  }
}

/** TypeScript knows no integers; the literal does. */
function isWhole(form: TypeForm, value: Json): boolean {
  return form.is !== 'primitive' || form.name !== 'integer' || typeof value !== 'number' || Number.isInteger(value);
}

function short(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
