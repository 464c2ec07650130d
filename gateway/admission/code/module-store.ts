import type { ProvidedModule, SourceTree } from '../types.ts';
import { ownerOf, packageReader, type PackageReader } from './package-facts.ts';
import { parseSource, type ParsedModule, type ParseOutcome } from './parse-source.ts';
import { createResolver, type Resolver } from './resolve-specifier.ts';

/** The modules of one tree, each parsed at most once, and the way from one to another. */
export interface ModuleStore {
  readonly root: SourceTree;
  readonly packages: PackageReader;
  readonly resolve: Resolver;
  /** Undefined when the tree has no such file. */
  parse(path: string): ParseOutcome | undefined;
  /** The parsed module that a specifier leads to inside the tree; undefined for everything else. */
  follow(specifier: string, from: ParsedModule): ParsedModule | undefined;
}

export function createModuleStore(root: SourceTree, provided: readonly ProvidedModule[]): ModuleStore {
  const packages = packageReader(root);
  const resolve = createResolver(root, packages, provided);
  const parsed = new Map<string, ParseOutcome | undefined>();
  const parse = (path: string): ParseOutcome | undefined => {
    if (!parsed.has(path)) {
      const bytes = root.files.get(path);
      parsed.set(path, bytes && parseSource(path, bytes, ownerOf(path, packages)?.type));
    }
    return parsed.get(path);
  };
  return {
    root,
    packages,
    resolve,
    parse,
    follow(specifier, from) {
      const to = resolve({ specifier, from: from.path, kind: from.commonjs ? 'require' : 'import' });
      if (to.is !== 'file' && to.is !== 'package') return undefined;
      const outcome = parse(to.path);
      return outcome !== undefined && 'module' in outcome ? outcome.module : undefined;
    },
  };
}
