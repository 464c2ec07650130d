import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';
import type { Json } from '../../../contracts/plugin.ts';
import { childPath, Positions } from './positions.ts';
import type { Position } from './positions.ts';

/** Bounds of contracts, manifests, policies and host facts. */
export const documentLimits = { bytes: 256 * 1024, depth: 32, nodes: 50_000 };

export interface DocumentProblem {
  readonly path: string;
  readonly sentence: string;
  readonly at: Position;
}

export interface YamlDocument {
  /** Undefined when there are problems. Mappings have no prototype. */
  readonly value: Json | undefined;
  readonly positions: Positions;
  readonly problems: readonly DocumentProblem[];
}

const coreTags = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((tag) => `tag:yaml.org,2002:${tag}`),
);
const start: Position = { line: 1, column: 1 };

function failed(sentence: string, at: Position = start): YamlDocument {
  return { value: undefined, positions: new Positions(() => start), problems: [{ path: '', sentence, at }] };
}

/**
 * Reads one YAML 1.2 document in the core schema, without aliases and custom tags, bounded in bytes, depth and nodes.
 * Never throws; every problem has its place. The root must be a mapping.
 */
export function readYaml(bytes: Uint8Array, limits: typeof documentLimits = documentLimits): YamlDocument {
  if (bytes.byteLength > limits.bytes) return failed(`is larger than ${limits.bytes / 1024} KiB`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return failed('is not UTF-8 text');
  }
  const lines = new LineCounter();
  try {
    const options = { version: '1.2', schema: 'core', merge: false, lineCounter: lines, logLevel: 'error' } as const;
    return convert(parseDocument(text, { ...options, prettyErrors: false }), lines, limits);
  } catch (error) {
    // Deep nesting exhausts the parser's stack before our own depth limit is reached.
    if (error instanceof RangeError) return failed(`is nested deeper than ${limits.depth} levels`);
    throw error;
  }
}

function convert(document: Document.Parsed, lines: LineCounter, limits: typeof documentLimits): YamlDocument {
  const at = (offset: number): Position => {
    const place = lines.linePos(offset);
    return { line: Math.max(1, place.line), column: Math.max(1, place.col) };
  };
  if (document.errors.length > 0) {
    const problems = document.errors.slice(0, 20).map((error) => ({
      path: '',
      sentence: error.code === 'DUPLICATE_KEY' ? 'has the same key twice' : `is not YAML 1.2: ${error.message}`,
      at: at(error.pos[0]),
    }));
    return { value: undefined, positions: new Positions(at), problems };
  }
  if (!isMap(document.contents))
    return failed('must be a mapping of keys to values', at(document.contents?.range[0] ?? 0));
  const walk = new Walk(at, limits);
  const value = walk.value(document.contents, '', 0);
  return { value: walk.problems.length > 0 ? undefined : value, positions: walk.positions, problems: walk.problems };
}

/** One pass over the nodes: plain values, their positions, and everything that the language refuses. */
class Walk {
  readonly positions: Positions;
  readonly problems: DocumentProblem[] = [];
  readonly #at: (offset: number) => Position;
  readonly #limits: typeof documentLimits;
  #nodes = 0;

  constructor(at: (offset: number) => Position, limits: typeof documentLimits) {
    this.positions = new Positions(at);
    this.#at = at;
    this.#limits = limits;
  }

  value(node: unknown, path: string, depth: number): Json {
    if (node === null || node === undefined) return null;
    const offset = offsetOf(node);
    if (depth === 0) this.positions.set(path, offset);
    if (++this.#nodes > this.#limits.nodes)
      return this.#refuse(path, `has more than ${this.#limits.nodes} values`, offset);
    if (depth > this.#limits.depth) {
      return this.#refuse(path, `is nested deeper than ${this.#limits.depth} levels`, offset);
    }
    if (isAlias(node)) return this.#refuse(path, `uses the alias "*${node.source}"; write the value out`, offset);
    const { tag } = node as Node;
    if (tag !== undefined && !coreTags.has(tag))
      return this.#refuse(path, `uses the tag "${tag}"; only plain values are known`, offset);
    if (isMap(node)) return this.#mapping(node.items, path, depth);
    if (isSeq(node)) return node.items.map((item, index) => this.#item(item, childPath(path, index), depth + 1));
    if (!isScalar(node)) return this.#refuse(path, 'is neither a value, a list nor a mapping', offset);
    return this.#scalar(node.value, path, offset);
  }

  #item(node: unknown, path: string, depth: number): Json {
    this.positions.set(path, offsetOf(node));
    return this.value(node, path, depth);
  }

  #scalar(value: unknown, path: string, offset: number): Json {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    return this.#refuse(path, 'is not a text, a finite number, true, false or null', offset);
  }

  #mapping(items: readonly { key: unknown; value: unknown }[], path: string, depth: number): Json {
    const result = Object.create(null) as Record<string, Json>;
    for (const { key, value } of items) {
      const offset = offsetOf(key);
      const word = isScalar(key) && key.tag === undefined ? key.value : undefined;
      if (typeof word !== 'string' && typeof word !== 'number' && typeof word !== 'boolean') {
        this.#refuse(path, 'has a key that is not a plain word', offset);
        continue;
      }
      const name = String(word);
      const inside = childPath(path, name);
      this.positions.set(inside, offset);
      if (name === '__proto__') this.#refuse(path, 'has the key "__proto__"', offset);
      else if (Object.hasOwn(result, name)) this.#refuse(inside, 'is there twice', offset);
      else result[name] = this.value(value, inside, depth + 1);
    }
    return result;
  }

  #refuse(path: string, sentence: string, offset: number): null {
    if (this.problems.length < 20) this.problems.push({ path, sentence, at: this.#at(offset) });
    return null;
  }
}

function offsetOf(node: unknown): number {
  return (node as Node | null | undefined)?.range?.[0] ?? 0;
}
