import type { PrimitiveName, TypeForm, TypeProperty } from '../types.ts';
import { nearest } from './nearest.ts';

export const primitiveNames: readonly PrimitiveName[] = [
  'string',
  'number',
  'integer',
  'boolean',
  'null',
  'void',
  'unknown',
  'bytes',
];

/** Says in `message` what is wrong with a type, in words that follow "the type …". */
export class TypeTextError extends Error {
  override readonly name = 'TypeTextError';
}

const token =
  /\s*(?:([A-Za-z_$][\w$]*)|('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|(-?\d+(?:\.\d+)?)|([|[\](){}<>,;:?]))/y;
const maxLength = 4096;
const maxDepth = 32;

type Token = { readonly is: 'word' | 'text' | 'number' | 'sign'; readonly text: string };

function tokens(text: string): Token[] {
  if (text.length > maxLength) throw new TypeTextError(`is longer than ${maxLength} characters`);
  const found: Token[] = [];
  const end = text.trimEnd().length;
  token.lastIndex = 0;
  while (token.lastIndex < end) {
    const from = token.lastIndex;
    const match = token.exec(text);
    if (!match) throw new TypeTextError(`has an unexpected character at position ${from + 1}`);
    const [, word, quoted, number, sign] = match;
    if (word !== undefined) found.push({ is: 'word', text: word });
    else if (quoted !== undefined) found.push({ is: 'text', text: quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1') });
    else if (number !== undefined) found.push({ is: 'number', text: number });
    else found.push({ is: 'sign', text: sign ?? '' });
  }
  return found;
}

/**
 * Parses a type of the closed mini-language: primitives, `T[]`, `[A, B]`, unions, literals, `{ key?: T }`,
 * `Record<string, T>` and the names in `known`. Throws TypeTextError. `any`, `object` and `Function` cannot be written.
 */
export function parseTypeText(text: string, known: ReadonlySet<string>): TypeForm {
  const parser = new Parser(tokens(text), known);
  const form = parser.union(0);
  parser.end();
  return form;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #known: ReadonlySet<string>;
  #next = 0;

  constructor(all: readonly Token[], known: ReadonlySet<string>) {
    this.#tokens = all;
    this.#known = known;
  }

  end(): void {
    const rest = this.#tokens[this.#next];
    if (rest) throw new TypeTextError(`goes on after its end with "${rest.text}"`);
  }

  union(depth: number): TypeForm {
    if (depth > maxDepth) throw new TypeTextError(`is nested deeper than ${maxDepth} levels`);
    this.#takes('|');
    const first = this.#postfix(depth);
    const members = [first];
    while (this.#takes('|')) members.push(this.#postfix(depth));
    return members.length === 1 ? first : { is: 'union', of: members };
  }

  #postfix(depth: number): TypeForm {
    let form = this.#primary(depth);
    while (this.#takes('[')) {
      this.#need(']');
      form = { is: 'array', of: form };
    }
    return form;
  }

  #primary(depth: number): TypeForm {
    const here = this.#tokens[this.#next++];
    if (!here) throw new TypeTextError('ends too early');
    if (here.is === 'text') return { is: 'literal', value: here.text };
    if (here.is === 'number') return { is: 'literal', value: Number(here.text) };
    if (here.is === 'word') return this.#word(here.text, depth);
    if (here.text === '(') {
      const inner = this.union(depth + 1);
      this.#need(')');
      return inner;
    }
    if (here.text === '[') return { is: 'tuple', of: this.#list(']', depth) };
    if (here.text === '{') return this.#object(depth);
    throw new TypeTextError(`has an unexpected "${here.text}"`);
  }

  #word(name: string, depth: number): TypeForm {
    if (name === 'readonly') return this.#postfix(depth + 1);
    if (name === 'true' || name === 'false') return { is: 'literal', value: name === 'true' };
    if (name === 'undefined') return { is: 'primitive', name: 'void' };
    const primitive = primitiveNames.find((one) => one === name);
    if (primitive) return { is: 'primitive', name: primitive };
    if (this.#takes('<')) return this.#generic(name, this.#list('>', depth));
    if (this.#known.has(name)) return { is: 'named', name };
    if (name === 'any' || name === 'object' || name === 'Function') {
      throw new TypeTextError(`uses "${name}", which says nothing; write the type out, or "unknown"`);
    }
    const meant =
      name === 'Uint8Array' || name === 'Buffer' ? 'bytes' : nearest(name, [...primitiveNames, ...this.#known]);
    throw new TypeTextError(
      `uses "${name}", which is not defined in types${meant ? `; did you mean "${meant}"?` : ''}`,
    );
  }

  #generic(name: string, args: readonly TypeForm[]): TypeForm {
    const [first, second] = args;
    if ((name === 'Array' || name === 'ReadonlyArray') && first && !second) return { is: 'array', of: first };
    const textKeys = first?.is === 'primitive' && first.name === 'string';
    if (name === 'Record' && textKeys && second && args.length === 2) return { is: 'record', of: second };
    if (name === 'Promise') throw new TypeTextError('uses Promise; write the resolved type and "async: required"');
    throw new TypeTextError(`uses ${name}<…>, which the language does not have`);
  }

  #list(close: string, depth: number): TypeForm[] {
    const found: TypeForm[] = [];
    while (!this.#takes(close)) {
      found.push(this.union(depth + 1));
      if (!this.#takes(',')) {
        this.#need(close);
        break;
      }
    }
    return found;
  }

  #object(depth: number): TypeForm {
    const properties = new Map<string, TypeProperty>();
    while (!this.#takes('}')) {
      let key = this.#tokens[this.#next++];
      if (key?.text === 'readonly' && this.#tokens[this.#next]?.is === 'word') key = this.#tokens[this.#next++];
      if (!key || key.is === 'sign') throw new TypeTextError('has an object key that is not a word');
      const optional = this.#takes('?');
      this.#need(':');
      if (properties.has(key.text)) throw new TypeTextError(`has the key "${key.text}" twice`);
      properties.set(key.text, { type: this.union(depth + 1), optional });
      if (!this.#takes(',') && !this.#takes(';')) {
        this.#need('}');
        break;
      }
    }
    return { is: 'object', properties, closed: false };
  }

  #takes(sign: string): boolean {
    const here = this.#tokens[this.#next];
    if (here?.is !== 'sign' || here.text !== sign) return false;
    this.#next++;
    return true;
  }

  #need(sign: string): void {
    if (!this.#takes(sign)) throw new TypeTextError(`needs "${sign}"${this.#tokens[this.#next] ? '' : ' at its end'}`);
  }
}
