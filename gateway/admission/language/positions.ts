export type PathPart = string | number;

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** `exports.functions[0].name`; a key that is no plain word is quoted: `types["a.b"]`. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) text = childPath(text, typeof part === 'symbol' ? String(part) : part);
  return text;
}

/** The path of a member of what stands at `parent`. */
export function childPath(parent: string, part: PathPart): string {
  if (typeof part === 'number') return `${parent}[${part}]`;
  if (!/^[\w$@/-]+$/.test(part)) return `${parent}[${JSON.stringify(part)}]`;
  return parent === '' ? part : `${parent}.${part}`;
}

/** Where each path of a document stands; a path that the document does not have is found at its nearest parent. */
export class Positions {
  readonly #offsets = new Map<string, number>();
  readonly #at: (offset: number) => Position;

  /** `at` says line and column of an offset; it is asked only for what a report names. */
  constructor(at: (offset: number) => Position) {
    this.#at = at;
  }

  set(path: string, offset: number): void {
    this.#offsets.set(path, offset);
  }

  find(path: string): Position | undefined {
    let rest = path;
    while (rest !== '') {
      const found = this.#offsets.get(rest);
      if (found !== undefined) return this.#at(found);
      const cut = Math.max(rest.lastIndexOf('.'), rest.lastIndexOf('['));
      rest = cut < 0 ? '' : rest.slice(0, cut);
    }
    const root = this.#offsets.get('');
    return root === undefined ? undefined : this.#at(root);
  }
}
