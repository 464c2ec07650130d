export type PathPart = string | number;

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** `exports.functions[0].name`; a key that is no plain word is quoted: `types["a.b"]`. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w$@/-]+$/.test(String(part))) text += text === '' ? String(part) : `.${String(part)}`;
    else text += `[${JSON.stringify(String(part))}]`;
  }
  return text;
}

/** Where each path of a document stands; a path that the document does not have is found at its nearest parent. */
export class Positions {
  readonly #known = new Map<string, Position>();

  set(path: readonly PathPart[], position: Position): void {
    this.#known.set(pathText(path), position);
  }

  find(path: string): Position | undefined {
    let rest = path;
    while (rest !== '') {
      const found = this.#known.get(rest);
      if (found) return found;
      const cut = Math.max(rest.lastIndexOf('.'), rest.lastIndexOf('['));
      rest = cut < 0 ? '' : rest.slice(0, cut);
    }
    return this.#known.get('');
  }
}
