import type { AnalysisInput, Violation } from '../types.ts';
import { violation } from '../violation.ts';
import { checkApi } from './api-digest.ts';
import { checkAuthority } from './check-authority.ts';
import { checkImports } from './check-imports.ts';
import { readLockfile } from './lockfile.ts';
import { compareExports } from './compare-exports.ts';
import { buildGraph } from './module-graph.ts';
import { createModuleStore } from './module-store.ts';

/** A plugin with more findings than this is denied all the same; a report of ten thousand lines helps nobody. */
const maxViolations = 500;

/**
 * Module graph, authority scan, structure and types of a plugin, from its bytes alone. Never runs, imports or
 * resolves anything of it outside the given tree, and never throws for what it contains.
 */
export function analysePlugin(input: AnalysisInput): Promise<readonly Violation[]> {
  try {
    return Promise.resolve(analyse(input));
  } catch (error) {
    // Deeply nested code that the guard let through overflows our stack, not the parser's: that is about the plugin.
    if (!(error instanceof RangeError))
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    const observed = 'too deeply nested to analyse';
    return Promise.resolve([
      violation('PC-S001', '', { file: input.entry, line: 1, column: 1, subject: input.entry, observed }),
    ]);
  }
}

function analyse({ root, entry, contract, provided = [] }: AnalysisInput): readonly Violation[] {
  const store = createModuleStore(root, provided);
  const graph = buildGraph(store, entry);
  const found = graph.faults.map(({ reason, place }) =>
    violation('PC-S001', '', { ...place, subject: place.file, observed: reason }),
  );
  const lock = readLockfile(root);
  found.push(...checkImports({ store, graph, lock, rule: contract.imports, strict: contract.profile === 'strict' }));
  found.push(...checkAuthority(store, graph, contract));
  if (graph.entry !== undefined) {
    found.push(...compareExports(store, graph.entry, contract), ...checkApi(store, graph.entry, contract.plugin, root));
  }
  return found.slice(0, maxViolations);
}
