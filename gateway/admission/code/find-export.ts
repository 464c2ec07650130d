import type { Node } from 'oxc-parser';
import { indexOf } from './module-index.ts';
import type { ModuleStore } from './module-store.ts';
import type { ParsedModule } from './parse-source.ts';

/** What a name stands for after every re-export and alias inside the tree was followed. */
export type Binding =
  /** Top-level declarations of `module`; several for overloads and merged interfaces. */
  | { readonly is: 'declared'; readonly module: ParsedModule; readonly name: string; readonly nodes: readonly Node[] }
  /** An expression that is exported without a name. */
  | { readonly is: 'node'; readonly module: ParsedModule; readonly node: Node }
  | { readonly is: 'namespace'; readonly module: ParsedModule }
  /** Beyond the tree: a builtin, a provided module, or a package that is not there. */
  | {
      readonly is: 'external';
      readonly from: ParsedModule;
      readonly specifier: string;
      readonly name: string | undefined;
    }
  /** It may come from a module that cannot be looked into. */
  | { readonly is: 'unknown'; readonly why: string };

/** Modules and names that one search has been to (ECMA-262, ResolveExport): a circle leads nowhere, and each is asked once. */
type Seen = Set<string>;

/** The value or type that a module exports under a name; undefined when it certainly exports no such name. */
export function findExport(
  store: ModuleStore,
  module: ParsedModule,
  name: string,
  seen: Seen = new Set(),
): Binding | undefined {
  const step = `${name} ${module.path}`;
  if (seen.has(step)) return undefined;
  seen.add(step);
  const index = indexOf(module);
  const target = index.exported.get(name);
  if (target?.is === 'local') return findLocal(store, module, target.name, seen);
  if (target?.is === 'node') return { is: 'node', module, node: target.node };
  if (target?.is === 'from') return follow(store, module, target, seen);
  if (index.open) return { is: 'unknown', why: 'the exports of this CommonJS module are computed' };
  return name === 'default' ? undefined : findInStars(store, module, name, seen);
}

/** A name that two modules export as different values is exported by neither. */
function findInStars(store: ModuleStore, module: ParsedModule, name: string, seen: Seen): Binding | undefined {
  const found: Binding[] = [];
  let unknown: Binding | undefined;
  for (const specifier of indexOf(module).stars) {
    const next = store.follow(specifier, module);
    const one: Binding | undefined =
      next === undefined ? { is: 'unknown', why: `"export *" from ${specifier}` } : findExport(store, next, name, seen);
    if (one?.is === 'unknown') unknown ??= one;
    else if (one !== undefined) found.push(one);
  }
  const values = found.filter(isValue);
  const [first, ...others] = values.length > 0 ? values : found;
  if (first === undefined) return unknown;
  return values.length > 0 && others.some((other) => !isSame(first, other)) ? undefined : first;
}

function isSame(a: Binding, b: Binding): boolean {
  if (a.is === 'declared') return b.is === 'declared' && a.module === b.module && a.name === b.name;
  if (a.is === 'namespace') return b.is === 'namespace' && a.module === b.module;
  if (a.is === 'node') return b.is === 'node' && a.node === b.node;
  return a.is === 'external' && b.is === 'external' && a.specifier === b.specifier && a.name === b.name;
}

/** What a top-level name means inside its module. */
export function findLocal(
  store: ModuleStore,
  module: ParsedModule,
  name: string,
  seen: Seen = new Set(),
): Binding | undefined {
  const index = indexOf(module);
  const nodes = index.declared.get(name);
  if (nodes !== undefined) return { is: 'declared', module, name, nodes };
  const imported = index.imported.get(name);
  return imported === undefined ? undefined : follow(store, module, imported, seen);
}

function follow(
  store: ModuleStore,
  module: ParsedModule,
  { specifier, name }: { specifier: string; name: string | undefined },
  seen: Seen,
): Binding | undefined {
  const next = store.follow(specifier, module);
  if (next === undefined) return { is: 'external', from: module, specifier, name };
  return name === undefined ? { is: 'namespace', module: next } : findExport(store, next, name, seen);
}

/** Every name that a module exports as a value; `open` when there may be more. */
export function exportedNames(store: ModuleStore, module: ParsedModule): { names: Set<string>; open: boolean } {
  const names = new Set<string>();
  let open = false;
  const seen = new Set<ParsedModule>();
  const queue: ParsedModule[] = [module];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const index = indexOf(at);
    open ||= index.open;
    for (const [name, target] of index.exported) {
      if (target.typeOnly || (at !== module && name === 'default')) continue;
      if (isValue(findExport(store, at, name))) names.add(name);
    }
    for (const specifier of index.stars) {
      const next = store.follow(specifier, at);
      if (next === undefined) open = true;
      else queue.push(next);
    }
  }
  return { names, open };
}

function isValue(binding: Binding | undefined): boolean {
  if (binding?.is !== 'declared') return binding !== undefined;
  return binding.nodes.some(
    (node) => !/^TS(?:TypeAlias|Interface)Declaration$/.test(node.type) && !('declare' in node && node.declare),
  );
}
