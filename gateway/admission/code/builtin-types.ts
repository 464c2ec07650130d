import { undecided, unionOf, type CodeProperty, type CodeType } from './code-type.ts';

const instances = new Set(
  'Date Map Set WeakMap WeakSet RegExp Error URL URLSearchParams AbortSignal AbortController ArrayBuffer DataView ReadonlyMap ReadonlySet'.split(
    ' ',
  ),
);

/** The types that TypeScript and Node bring along; undefined for a name that is not known here. */
export function builtinType(name: string, args: readonly CodeType[]): CodeType | undefined {
  const [first = undecided(`${name} without its argument`), second] = args;
  switch (name) {
    case 'Promise':
    case 'PromiseLike':
      return { is: 'promise', of: first };
    case 'Array':
    case 'ReadonlyArray':
      return { is: 'array', of: first };
    case 'Uint8Array':
      return { is: 'bytes', buffer: false };
    case 'Buffer':
      return { is: 'bytes', buffer: true };
    case 'AsyncGenerator':
    case 'AsyncIterable':
    case 'AsyncIterableIterator':
    case 'AsyncIterator':
      return { is: 'iterator', async: true, of: first };
    case 'Generator':
    case 'Iterable':
    case 'IterableIterator':
    case 'Iterator':
      return { is: 'iterator', async: false, of: first };
    case 'Awaited':
      return first.is === 'promise' ? first.of : first;
    case 'Partial':
      return eachProperty(first, (each) => ({ ...each, optional: true }));
    case 'Required':
      return eachProperty(first, (each) => ({ ...each, optional: false }));
    case 'Readonly':
      return first;
    case 'Record':
      return record(first, second ?? undecided('Record without its value'));
    case 'Pick':
      return select(first, second, true);
    case 'Omit':
      return select(first, second, false);
    case 'NonNullable':
      return first.is === 'union' ? unionOf(first.of.filter(({ is }) => is !== 'null' && is !== 'undefined')) : first;
    default:
      return instances.has(name) ? { is: 'instance', name } : undefined;
  }
}

function eachProperty(type: CodeType, change: (property: CodeProperty) => CodeProperty): CodeType {
  if (type.is !== 'object') return undecided('a mapped type');
  return { is: 'object', properties: new Map([...type.properties].map(([key, each]) => [key, change(each)])) };
}

function keysOf(type: CodeType | undefined): string[] | undefined {
  if (type?.is === 'literal') return [String(type.value)];
  if (type?.is !== 'union') return undefined;
  const keys = type.of.map((each) => (each.is === 'literal' ? String(each.value) : undefined));
  return keys.every((key) => key !== undefined) ? keys : undefined;
}

function record(key: CodeType, value: CodeType): CodeType {
  if (key.is === 'string') return { is: 'record', of: value };
  const keys = keysOf(key);
  if (keys === undefined) return undecided('a record with other keys');
  return { is: 'object', properties: new Map(keys.map((each) => [each, { type: value, optional: false }])) };
}

function select(type: CodeType, key: CodeType | undefined, keep: boolean): CodeType {
  const keys = keysOf(key);
  if (type.is !== 'object' || keys === undefined) return undecided('a mapped type');
  return { is: 'object', properties: new Map([...type.properties].filter(([name]) => keys.includes(name) === keep)) };
}
