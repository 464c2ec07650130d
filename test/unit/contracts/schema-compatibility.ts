/** The part of JSON Schema (draft 2020-12) that our generator writes. */
interface Node {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Node;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly [limit: string]: unknown;
}

/** Who reads what the new version allows: `written` by the gateway and read by others, or `read` by the gateway. */
export type Direction = 'written' | 'read';

/**
 * What a new schema breaks for those who know the released one; empty when nothing. What is written may gain optional
 * fields and values, and loses, retypes and stops promising none. What is read may take more, never less, and asks for
 * nothing new.
 */
export function incompatibilities(released: Node, current: Node, direction: Direction, path = '$'): string[] {
  const found: string[] = [];
  if (JSON.stringify(released.type) !== JSON.stringify(current.type)) found.push(`${path}: type changed`);
  if (JSON.stringify(released.const) !== JSON.stringify(current.const)) found.push(`${path}: constant changed`);
  found.push(...enumChanges(released, current, path), ...propertyChanges(released, current, direction, path));
  if (released.items && current.items) {
    found.push(...incompatibilities(released.items, current.items, direction, `${path}[]`));
  } else if (Boolean(released.items) !== Boolean(current.items)) found.push(`${path}: items changed`);
  if (JSON.stringify(released.anyOf) !== JSON.stringify(current.anyOf)) found.push(`${path}: alternatives changed`);
  return [...found, ...limitChanges(released, current, path)];
}

function enumChanges(released: Node, current: Node, path: string): string[] {
  const gone = (released.enum ?? []).filter((value) => !(current.enum ?? []).includes(value));
  return gone.map((value) => `${path}: value ${String(value)} is gone`);
}

function propertyChanges(released: Node, current: Node, direction: Direction, path: string): string[] {
  const found: string[] = [];
  const now = new Set(current.required ?? []);
  const before = new Set(released.required ?? []);
  for (const [name, old] of Object.entries(released.properties ?? {})) {
    const own = current.properties?.[name];
    if (own === undefined) found.push(`${path}.${name}: is gone`);
    else found.push(...incompatibilities(old, own, direction, `${path}.${name}`));
  }
  const broken = direction === 'written' ? before.difference(now) : now.difference(before);
  for (const name of broken) {
    found.push(`${path}.${name}: ${direction === 'written' ? 'is no longer always there' : 'is newly required'}`);
  }
  if (direction === 'written') {
    for (const name of now.difference(before)) {
      if (released.properties?.[name] === undefined) found.push(`${path}.${name}: a new field is required`);
    }
  }
  return found;
}

const limits = ['minimum', 'maximum', 'minLength', 'maxLength', 'pattern', 'format', 'contentEncoding'];

const limitChanges = (released: Node, current: Node, path: string): string[] =>
  limits.filter((limit) => released[limit] !== current[limit]).map((limit) => `${path}: ${limit} changed`);
