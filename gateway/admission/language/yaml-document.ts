import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';
import type { Json } from '../../../contracts/plugin.ts';
import { Positions, pathText } from './positions.ts';
import type { PathPart, Position } from './positions.ts';

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
  return { value: undefined, positions: new Positions(), problems: [{ path: '', sentence, at }] };
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
  const at = (offset: number | undefined): Position => {
    const place = lines.linePos(offset ?? 0);
    return { line: Math.max(1, place.line), column: Math.max(1, place.col) };
  };
  if (document.errors.length > 0) {
    const problems = document.errors.slice(0, 20).map((error) => ({
      path: '',
      sentence: error.code === 'DUPLICATE_KEY' ? 'has the same key twice' : `is not YAML 1.2: ${error.message}`,
      at: at(error.pos[0]),
    }));
    return { value: undefined, positions: new Positions(), problems };
  }
  if (!isMap(document.contents)) return failed('must be a mapping of keys to values', at(document.contents?.range[0]));
  const walk = new Walk(at, limits);
  const value = walk.value(document.contents, []);
  return { value: walk.problems.length > 0 ? undefined : value, positions: walk.positions, problems: walk.problems };
}

/** One pass over the nodes: plain values, their positions, and everything that the language refuses. */
class Walk {
  readonly positions = new Positions();
  readonly problems: DocumentProblem[] = [];
  readonly #at: (offset: number | undefined) => Position;
  readonly #limits: typeof documentLimits;
  #nodes = 0;

  constructor(at: (offset: number | undefined) => Position, limits: typeof documentLimits) {
    this.#at = at;
    this.#limits = limits;
  }

  value(node: unknown, path: readonly PathPart[]): Json {
    if (node === null || node === undefined) return null;
    const at = this.#at((node as Node).range?.[0]);
    if (path.length === 0 || typeof path.at(-1) === 'number') this.positions.set(path, at);
    if (++this.#nodes > this.#limits.nodes) return this.#refuse(path, `has more than ${this.#limits.nodes} values`, at);
    if (path.length > this.#limits.depth) {
      return this.#refuse(path, `is nested deeper than ${this.#limits.depth} levels`, at);
    }
    if (isAlias(node)) return this.#refuse(path, `uses the alias "*${node.source}"; write the value out`, at);
    const { tag } = node as Node;
    if (tag !== undefined && !coreTags.has(tag))
      return this.#refuse(path, `uses the tag "${tag}"; only plain values are known`, at);
    if (isMap(node)) return this.#mapping(node.items, path);
    if (isSeq(node)) return node.items.map((item, index) => this.value(item, [...path, index]));
    if (!isScalar(node)) return this.#refuse(path, 'is neither a value, a list nor a mapping', at);
    return this.#scalar(node.value, path, at);
  }

  #scalar(value: unknown, path: readonly PathPart[], at: Position): Json {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    return this.#refuse(path, 'is not a text, a finite number, true, false or null', at);
  }

  #mapping(items: readonly { key: unknown; value: unknown }[], path: readonly PathPart[]): Json {
    const result = Object.create(null) as Record<string, Json>;
    for (const { key, value } of items) {
      const at = this.#at((key as Node | null)?.range?.[0]);
      const word = isScalar(key) && key.tag === undefined ? key.value : undefined;
      if (typeof word !== 'string' && typeof word !== 'number' && typeof word !== 'boolean') {
        this.#refuse(path, 'has a key that is not a plain word', at);
        continue;
      }
      const name = String(word);
      const inside = [...path, name];
      this.positions.set(inside, at);
      if (name === '__proto__') this.#refuse(path, 'has the key "__proto__"', at);
      else if (Object.hasOwn(result, name)) this.#refuse(inside, 'is there twice', at);
      else result[name] = this.value(value, inside);
    }
    return result;
  }

  #refuse(path: readonly PathPart[], sentence: string, at: Position): null {
    if (this.problems.length < 20) this.problems.push({ path: pathText(path), sentence, at });
    return null;
  }
}
