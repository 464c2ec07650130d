import type { EnvironmentRule, EnvironmentVariableRule, SecretRule } from '../language/grammar-host.ts';
import type { Violation } from '../types.ts';
import { violation } from '../violation.ts';
import type { HostFacts } from './facts.ts';

/** Longer values are refused before a pattern of the contract sees them. */
const maxValueLength = 65_536;

/**
 * Compares variables and secrets with the host's own facts. What a value is never gets into a violation: `observed`
 * says only in what way it is wrong.
 */
export function checkEnvironment(rule: EnvironmentRule, facts: HostFacts, at: string): readonly Violation[] {
  const variables = (rule.variables ?? []).flatMap((one, i) => checkVariable(one, facts, `${at}.variables[${i}]`));
  const secrets = (rule.secrets ?? []).flatMap((one, i) => checkSecret(one, facts, `${at}.secrets[${i}]`));
  return [...variables, ...secrets];
}

function checkVariable(rule: EnvironmentVariableRule, facts: HostFacts, path: string): readonly Violation[] {
  const value = facts.env.get(rule.name);
  const subject = rule.name;
  if (value === undefined) {
    if (rule.required === false || (rule.required === undefined && rule.default !== undefined)) return [];
    return [violation('PC-E101', path, { subject, expected: expectation(rule), observed: 'not set' })];
  }
  const wrong = variableFault(rule, value);
  return wrong === undefined
    ? []
    : [violation('PC-E102', path, { subject, expected: expectation(rule), observed: wrong })];
}

type Scalar = string | number | boolean | null;

/** The type that a text is read as: the one that is named, or else that of the value that is expected. */
function typeOf(rule: EnvironmentVariableRule): 'string' | 'number' | 'integer' | 'boolean' {
  if (rule.type) return rule.type;
  const sample = rule.value ?? rule.oneOf?.[0];
  if (typeof sample === 'number' || rule.minimum !== undefined || rule.maximum !== undefined) return 'number';
  return typeof sample === 'boolean' ? 'boolean' : 'string';
}

function parseAs(type: 'string' | 'number' | 'integer' | 'boolean', text: string): Scalar | undefined {
  if (type === 'string') return text;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (!/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text.trim())) return undefined;
  const number = Number(text);
  return type === 'integer' && !Number.isSafeInteger(number) ? undefined : number;
}

function variableFault(rule: EnvironmentVariableRule, text: string): string | undefined {
  if (text.length > maxValueLength) return 'a value that is too long';
  const type = typeOf(rule);
  const value = parseAs(type, text);
  if (value === undefined) return `a value that is no ${type} (redacted)`;
  const equals = (wanted: Scalar): boolean =>
    wanted === null ? text === '' : wanted === value || String(wanted) === String(value);
  if (rule.value !== undefined && !equals(rule.value)) return 'another value (redacted)';
  if (rule.oneOf && !rule.oneOf.some(equals)) return 'another value (redacted)';
  if (typeof value === 'number') {
    if (value < (rule.minimum ?? -Infinity)) return 'a number below the minimum (redacted)';
    if (value > (rule.maximum ?? Infinity)) return 'a number above the maximum (redacted)';
  }
  if (text.length < (rule.minLength ?? 0)) return 'a value that is too short (redacted)';
  if (rule.pattern !== undefined && !new RegExp(rule.pattern).test(text)) return 'a value of another form (redacted)';
  return undefined;
}

function expectation(rule: EnvironmentVariableRule): string {
  const parts: string[] = [];
  if (rule.value !== undefined) parts.push(String(rule.value));
  if (rule.oneOf) parts.push(`one of ${rule.oneOf.map(String).join(', ')}`);
  if (rule.type) parts.push(`a value of type ${rule.type}`);
  if (rule.minimum !== undefined) parts.push(`at least ${rule.minimum}`);
  if (rule.maximum !== undefined) parts.push(`at most ${rule.maximum}`);
  if (rule.pattern !== undefined) parts.push(`matching ${rule.pattern}`);
  return parts.length > 0 ? parts.join(', ') : 'any value';
}

function checkSecret(rule: SecretRule, facts: HostFacts, path: string): readonly Violation[] {
  const subject = rule.name;
  const fromEnvironment = rule.source === undefined || rule.source.includes('env');
  const value = facts.secrets.get(rule.name) ?? (fromEnvironment ? facts.env.get(rule.name) : undefined);
  if (value === undefined || value === '') {
    if (rule.required === false) return [];
    const remedy = `Put the secret ${rule.name} alone into a file, and name the file in the gateway's configuration: plugins.secrets.<plugin>.${rule.name}.`;
    return [violation('PC-E103', path, { subject, expected: 'present', observed: 'absent', remedy })];
  }
  const expected = [
    rule.minLength === undefined ? '' : `at least ${rule.minLength} characters`,
    rule.maxLength === undefined ? '' : `at most ${rule.maxLength} characters`,
    rule.pattern === undefined ? '' : `matching ${rule.pattern}`,
  ];
  const wrong =
    value.length > Math.min(rule.maxLength ?? maxValueLength, maxValueLength) ||
    value.length < (rule.minLength ?? 0) ||
    (rule.pattern !== undefined && !new RegExp(rule.pattern).test(value));
  if (!wrong) return [];
  return [
    violation('PC-E104', path, {
      subject,
      expected: expected.filter(Boolean).join(', '),
      observed: 'another form (redacted)',
    }),
  ];
}
