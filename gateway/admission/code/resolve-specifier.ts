import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import type { ProvidedModule, SourceTree } from '../types.ts';
import { exportTarget, importTarget } from './exports-map.ts';
import { languageOf } from './parse-source.ts';
import { folderOf, ownerOf, type PackageReader } from './package-facts.ts';

export type Resolution =
  | { readonly is: 'file'; readonly path: string }
  | { readonly is: 'builtin'; readonly name: string }
  | { readonly is: 'package'; readonly name: string; readonly folder: string; readonly path: string }
  | { readonly is: 'provided'; readonly module: ProvidedModule }
  /** Outside the root, or through a link. */
  | { readonly is: 'escape'; readonly reason: string }
  /** `data:`, `http:` and other schemes: code that nobody checked. */
  | { readonly is: 'remote'; readonly scheme: string }
  /** `folder` is set when the package is there but the file in it is not. */
  | {
      readonly is: 'missing';
      readonly name?: string | undefined;
      readonly folder?: string | undefined;
      readonly reason: string;
    };

export interface ResolveRequest {
  readonly specifier: string;
  /** The importing file. */
  readonly from: string;
  readonly kind: 'import' | 'require';
}
export type Resolver = (request: ResolveRequest) => Resolution;

const builtins = new Set(builtinModules);

/** `node:fs` for `fs` and `node:fs`; undefined when Node has no such builtin. */
export function canonicalBuiltin(specifier: string): string | undefined {
  if (specifier.startsWith('node:')) {
    return builtins.has(specifier) || builtins.has(specifier.slice(5)) ? specifier : undefined;
  }
  return builtins.has(specifier) ? `node:${specifier}` : undefined;
}

/** Package name of a bare specifier: `@a/b` of `@a/b/c`. */
export function packageNameOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/**
 * Resolves as Node does, over the files of the tree alone: no disk, no loader, no path that leaves the root. Rules:
 * Node's documentation, "Modules: ECMAScript modules", Resolution Algorithm, and "Modules: CommonJS modules", All together.
 */
export function createResolver(root: SourceTree, read: PackageReader, provided: readonly ProvidedModule[]): Resolver {
  const files = new TreeFiles(root);
  const byPath = new Map(provided.flatMap((each) => (each.path === undefined ? [] : [[each.path, each] as const])));
  const byName = new Map(provided.map((each) => [each.name, each]));

  const relative = ({ specifier, from, kind }: ResolveRequest): Resolution => {
    const path = kind === 'import' ? urlPath(specifier, from) : posix.join(folderOf(from), specifier);
    if (path === undefined) return { is: 'missing', reason: 'not a valid module path' };
    const module = byPath.get(path) ?? byPath.get(`./${path}`);
    if (module !== undefined) return { is: 'provided', module };
    if (path === '..' || path.startsWith('../') || path.startsWith('/'))
      return { is: 'escape', reason: 'leaves the package root' };
    return files.resolve(path, kind, from, read);
  };

  const bare = (request: ResolveRequest): Resolution => {
    const name = packageNameOf(request.specifier);
    const subpath = `.${request.specifier.slice(name.length)}`.replace(/^\.\/$/, '.');
    const own = ownerOf(request.from, read);
    if (own?.name === name && own.exports !== undefined) {
      const target = exportTarget(own.exports, subpath, request.kind);
      if (target !== undefined) return files.exact(posix.join(own.folder, target));
    }
    for (let base = folderOf(request.from); ; base = folderOf(base)) {
      const folder = posix.join(base, 'node_modules', name);
      if (!base.endsWith('node_modules') && files.hasFolder(folder)) return inPackage(name, folder, subpath, request);
      if (base === '') break;
    }
    const module = byName.get(name);
    return module === undefined
      ? { is: 'missing', name, reason: 'no such package in the tree' }
      : { is: 'provided', module };
  };

  const inPackage = (name: string, folder: string, subpath: string, { kind, from }: ResolveRequest): Resolution => {
    const facts = read(folder);
    const link = files.linkOn(folder);
    if (link !== undefined) return { is: 'escape', reason: `goes through the link ${link}` };
    let found: Resolution;
    if (facts?.exports !== undefined && facts.exports !== null) {
      const target = exportTarget(facts.exports, subpath, kind);
      found =
        target === undefined
          ? { is: 'missing', reason: `not exported as ${subpath}` }
          : files.exact(posix.join(folder, target));
    } else if (subpath === '.') found = files.folder(folder, facts?.main);
    else found = files.resolve(posix.join(folder, subpath), kind, from, read);
    if (found.is === 'file') return { is: 'package', name, folder, path: found.path };
    return found.is === 'missing' ? { ...found, name, folder } : found;
  };

  return (request) => {
    const { specifier, from, kind } = request;
    const builtin = canonicalBuiltin(specifier);
    if (builtin !== undefined) return { is: 'builtin', name: builtin };
    if (specifier.startsWith('node:')) return { is: 'missing', reason: 'Node has no such builtin' };
    if (/^file:/i.test(specifier) || specifier.startsWith('/')) return { is: 'escape', reason: 'an absolute path' };
    const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(specifier)?.[1];
    if (scheme !== undefined) return { is: 'remote', scheme: scheme.toLowerCase() };
    if (/^\.{1,2}(?:[/\\]|$)/.test(specifier)) return relative(request);
    if (!specifier.startsWith('#')) return bare(request);
    const own = ownerOf(from, read);
    const target = importTarget(own?.imports, specifier, kind);
    if (own === undefined || target === undefined)
      return { is: 'missing', reason: `not in the imports map of package.json` };
    const inner = canonicalBuiltin(target);
    if (inner !== undefined) return { is: 'builtin', name: inner };
    return target.startsWith('./')
      ? files.exact(posix.join(own.folder, target))
      : bare({ ...request, specifier: target });
  };
}

/** ESM resolves relative specifiers as URLs: backslashes and percent signs count, query and hash do not. */
function urlPath(specifier: string, from: string): string | undefined {
  const prefix = Array.from({ length: 64 }, (_, i) => `r${i}`).join('/');
  try {
    const url = new URL(specifier, `file:///${prefix}/${from.split('/').map(encodeURIComponent).join('/')}`);
    if (/%2f|%5c/i.test(url.pathname)) return undefined;
    return posix.relative(`/${prefix}`, decodeURIComponent(url.pathname));
  } catch {
    return undefined;
  }
}

/** The paths of a tree, asked as a module loader asks a disk. */
class TreeFiles {
  readonly #root: SourceTree;
  readonly #folders = new Set<string>();

  constructor(root: SourceTree) {
    this.#root = root;
    for (const path of [...root.files.keys(), ...root.links.keys()]) {
      for (let at = folderOf(path); at !== '' && !this.#folders.has(at); at = folderOf(at)) this.#folders.add(at);
    }
    for (const path of root.links.keys()) this.#folders.add(path);
  }

  hasFolder(path: string): boolean {
    return this.#folders.has(path);
  }

  /** The symbolic link on the way to a path. */
  linkOn(path: string): string | undefined {
    for (let at = path; at !== ''; at = folderOf(at)) if (this.#root.links.has(at)) return at;
    return undefined;
  }

  exact(path: string): Resolution {
    const link = this.linkOn(path);
    if (link !== undefined) return { is: 'escape', reason: `goes through the link ${link}` };
    if (path.startsWith('../')) return { is: 'escape', reason: 'leaves the package root' };
    return this.#root.files.has(path) ? { is: 'file', path } : { is: 'missing', reason: `no file ${path}` };
  }

  folder(path: string, main: string | undefined): Resolution {
    const bases = main === undefined ? [] : [posix.join(path, main), posix.join(path, main, 'index')];
    for (const base of [...bases, posix.join(path, 'index')]) {
      const found = this.#withExtension(base, ['', '.js', '.mjs', '.cjs', '.json', '.node', '.ts']);
      if (found.is !== 'missing') return found;
    }
    return { is: 'missing', reason: `no entry file in ${path}` };
  }

  resolve(path: string, kind: 'import' | 'require', from: string, read: PackageReader): Resolution {
    if (languageOf(from) === 'dts') {
      const declared = this.exact(path.replace(/\.([cm]?)[jt]s$/, '.d.$1ts'));
      if (declared.is === 'file') return declared;
    }
    const exact = this.exact(path);
    if (exact.is !== 'missing') return exact;
    // TypeScript spells the emitted file: './a.js' in a source tree is './a.ts'.
    if (languageOf(from) !== 'js' && /\.[cm]?js$/.test(path)) {
      const source = this.exact(path.replace(/js$/, 'ts'));
      if (source.is === 'file') return source;
    }
    if (kind === 'import' && languageOf(from) === 'js') return exact;
    const found = this.#withExtension(path, ['.js', '.json', '.node', '.cjs', '.ts']);
    if (found.is !== 'missing') return found;
    const inside = this.hasFolder(path) ? this.folder(path, read(path)?.main) : exact;
    return inside.is === 'missing' ? exact : inside;
  }

  #withExtension(base: string, extensions: readonly string[]): Resolution {
    for (const extension of extensions) {
      const found = this.exact(`${base}${extension}`);
      if (found.is !== 'missing') return found;
    }
    return { is: 'missing', reason: `no file ${base}` };
  }
}
