import type { TypeForm, TypeRule } from '../types.ts';

/**
 * The normal form in which types of code and of contracts are compared. What cannot be said in it is `undecided`, and
 * every comparison with that answers "unknown", never "different".
 */
export type CodeType =
  | { readonly is: SimpleName }
  | { readonly is: 'bytes'; readonly buffer: boolean }
  | { readonly is: 'literal'; readonly value: string | number | boolean }
  | { readonly is: 'array'; readonly of: CodeType }
  | { readonly is: 'tuple'; readonly of: readonly CodeType[] }
  | { readonly is: 'record'; readonly of: CodeType }
  | { readonly is: 'union'; readonly of: readonly CodeType[] }
  | { readonly is: 'object'; readonly properties: ReadonlyMap<string, CodeProperty> }
  | { readonly is: 'function'; readonly signature: Signature }
  | { readonly is: 'promise'; readonly of: CodeType }
  | { readonly is: 'iterator'; readonly async: boolean; readonly of: CodeType }
  /** An object of a class that the mini-language cannot describe: Date, Map, a class of the package. */
  | { readonly is: 'instance'; readonly name: string }
  | { readonly is: 'undecided'; readonly why: string };
export type SimpleName =
  | 'any'
  | 'unknown'
  | 'never'
  | 'void'
  | 'undefined'
  | 'null'
  | 'string'
  | 'number'
  | 'boolean'
  | 'bigint'
  | 'symbol'
  | 'anyObject';

export interface CodeProperty {
  readonly type: CodeType;
  readonly optional: boolean;
}

export interface Parameter {
  readonly name: string;
  readonly type: CodeType;
  /** May be left out by a caller: `?`, a default, or rest. */
  readonly optional: boolean;
  readonly rest: boolean;
  /** Absent: no default. `value` undefined: a default that is computed. */
  readonly default?: { readonly value: unknown } | undefined;
  readonly hasDefault: boolean;
}

export interface Signature {
  readonly params: readonly Parameter[];
  readonly returns: CodeType;
}

export const undecided = (why: string): CodeType => ({ is: 'undecided', why });

/** A union without nested unions; one member is that member. */
export function unionOf(members: readonly CodeType[]): CodeType {
  const flat = members.flatMap((each) => (each.is === 'union' ? each.of : [each]));
  const [only] = flat;
  return flat.length === 1 && only !== undefined ? only : { is: 'union', of: flat };
}

/** The type of a contract in the same form. `integer` is a `number` to TypeScript; ranges and formats bind values only. */
export function fromForm(form: TypeForm, named: ReadonlyMap<string, TypeRule>): CodeType {
  switch (form.is) {
    case 'primitive':
      if (form.name === 'integer') return { is: 'number' };
      return form.name === 'bytes' ? { is: 'bytes', buffer: false } : { is: form.name };
    case 'literal':
      return form;
    case 'array':
      return { is: 'array', of: fromForm(form.of, named) };
    case 'record':
      return { is: 'record', of: fromForm(form.of, named) };
    case 'tuple':
      return { is: 'tuple', of: form.of.map((each) => fromForm(each, named)) };
    case 'union':
      return unionOf(form.of.map((each) => fromForm(each, named)));
    case 'object': {
      const properties = new Map<string, CodeProperty>();
      for (const [key, { type, optional }] of form.properties) {
        properties.set(key, { type: fromForm(type, named), optional });
      }
      return { is: 'object', properties };
    }
    case 'named': {
      const rule = named.get(form.name);
      return rule === undefined ? undecided(`no type ${form.name}`) : fromForm(rule.form, named);
    }
    default:
      return undecided('a form of a newer language');
  }
}

/** TypeScript text of a type, for reports and for the conformance file. Bounded. */
export function typeText(type: CodeType, depth = 0): string {
  if (depth > 6) return '…';
  const inner = (each: CodeType): string => typeText(each, depth + 1);
  switch (type.is) {
    case 'bytes':
      return type.buffer ? 'Buffer' : 'Uint8Array';
    case 'literal':
      return JSON.stringify(type.value);
    case 'array':
      return /^[\w.]+$/.test(inner(type.of)) ? `${inner(type.of)}[]` : `(${inner(type.of)})[]`;
    case 'tuple':
      return `[${type.of.map(inner).join(', ')}]`;
    case 'record':
      return `Record<string, ${inner(type.of)}>`;
    case 'union':
      return type.of.map((each) => (each.is === 'function' ? `(${inner(each)})` : inner(each))).join(' | ');
    case 'object':
      return `{ ${[...type.properties].map(([key, each]) => `${propertyName(key)}${each.optional ? '?' : ''}: ${inner(each.type)}`).join('; ')} }`;
    case 'function':
      return signatureText(type.signature, depth + 1);
    case 'promise':
      return `Promise<${inner(type.of)}>`;
    case 'iterator':
      return `${type.async ? 'AsyncIterable' : 'Iterable'}<${inner(type.of)}>`;
    case 'instance':
      return type.name;
    case 'undecided':
      return `a type that cannot be decided (${type.why})`;
    case 'anyObject':
      return 'object';
    default:
      return type.is;
  }
}

export function signatureText({ params, returns }: Signature, depth = 0): string {
  const list = params.map((each) => {
    const type = each.rest ? `(${typeText(each.type, depth)})[]` : typeText(each.type, depth);
    return `${each.rest ? '...' : ''}${each.name}${each.optional && !each.rest ? '?' : ''}: ${type}`;
  });
  return `(${list.join(', ')}) => ${typeText(returns, depth)}`;
}

export function propertyName(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
}

/** The type in the mini-language of contracts; undefined when it cannot be said there. */
export function contractTypeText(type: CodeType, depth = 0): string | undefined {
  if (depth > 8) return undefined;
  const each = (types: readonly CodeType[]): string[] | undefined => {
    const texts = types.map((one) => contractTypeText(one, depth + 1));
    return texts.every((text) => text !== undefined) ? texts : undefined;
  };
  const inside = (of: CodeType, wrap: (text: string) => string): string | undefined => {
    const text = contractTypeText(of, depth + 1);
    return text === undefined ? undefined : wrap(text);
  };
  switch (type.is) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
    case 'void':
    case 'unknown':
      return type.is;
    case 'undefined':
      return 'void';
    case 'bytes':
      return 'bytes';
    case 'literal':
      return typeof type.value === 'string' ? quoted(type.value) : String(type.value);
    case 'array':
      return inside(type.of, (text) => (type.of.is === 'union' ? `(${text})[]` : `${text}[]`));
    case 'record':
      return inside(type.of, (text) => `Record<string, ${text}>`);
    case 'tuple':
      return each(type.of)
        ?.reduce((all, one, i) => `${all}${i > 0 ? ', ' : ''}${one}`, '[')
        .concat(']');
    case 'union':
      return each(type.of)?.join(' | ');
    case 'object': {
      const types = each(
        [...type.properties.values()].map((one) => (one.optional ? withoutUndefined(one.type) : one.type)),
      );
      const keys = [...type.properties];
      if (types === undefined || keys.some(([key]) => !/^[A-Za-z_$][\w$]*$/.test(key))) return undefined;
      return `{ ${keys.map(([key, one], i) => `${key}${one.optional ? '?' : ''}: ${types[i]}`).join(', ')} }`;
    }
    default:
      return undefined;
  }
}

/** What may be left out may be undefined; the language says it once. */
export function withoutUndefined(type: CodeType): CodeType {
  return type.is === 'union' ? unionOf(type.of.filter(({ is }) => is !== 'undefined')) : type;
}

function quoted(text: string): string | undefined {
  return /^[^\n]*$/.test(text) ? `'${text.replaceAll(/[\\']/g, '\\$&')}'` : undefined;
}
