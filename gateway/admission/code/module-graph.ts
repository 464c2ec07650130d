import { moduleRequests, type ModuleRequest } from './module-requests.ts';
import type { ModuleStore } from './module-store.ts';
import { packageFolder } from './package-facts.ts';
import { languageOf, type ParsedModule, type ParseFault } from './parse-source.ts';
import type { Resolution } from './resolve-specifier.ts';

/** A closure beyond these bounds cannot be reviewed and would stall the gateway: it is refused. */
export const maxModules = 3000;
const maxTotalBytes = 32 * 1024 * 1024;

export interface Edge {
  readonly from: ParsedModule;
  readonly request: ModuleRequest;
  /** Undefined for a computed request. */
  readonly to: Resolution | undefined;
}

export interface ModuleGraph {
  readonly entry: ParsedModule | undefined;
  /** In the order in which they were reached. */
  readonly modules: readonly ParsedModule[];
  readonly edges: readonly Edge[];
  readonly faults: readonly ParseFault[];
  /** Files that are reached and hold no JavaScript: JSON, `.node`, `.wasm`. */
  readonly assets: readonly { readonly path: string; readonly edge: Edge }[];
  /** Folders of the installed packages that are reached, with what their package.json declares below them. */
  readonly packageFolders: ReadonlySet<string>;
}

/** Follows every import, re-export, dynamic import and require from the entry over the tree. Nothing is run. */
export function buildGraph(store: ModuleStore, entry: string): ModuleGraph {
  const modules: ParsedModule[] = [];
  const edges: Edge[] = [];
  const faults: ParseFault[] = [];
  const assets: { path: string; edge: Edge }[] = [];
  const seen = new Set<string>([entry]);
  const queue = [entry];
  let bytes = 0;
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    bytes += store.root.files.get(path)?.byteLength ?? 0;
    if (seen.size > maxModules || bytes > maxTotalBytes) {
      faults.push({ reason: 'more code than can be analysed', place: { file: path, line: 1, column: 1 } });
      break;
    }
    const outcome = store.parse(path);
    if (outcome === undefined || 'fault' in outcome) {
      faults.push(outcome?.fault ?? { reason: 'no such file', place: { file: path, line: 1, column: 1 } });
      continue;
    }
    modules.push(outcome.module);
    for (const request of moduleRequests(outcome.module)) {
      const edge: Edge = { from: outcome.module, request, to: resolveRequest(store, outcome.module, request) };
      edges.push(edge);
      const { to } = edge;
      if ((to?.is !== 'file' && to?.is !== 'package') || seen.has(to.path)) continue;
      seen.add(to.path);
      if (languageOf(to.path) === undefined) assets.push({ path: to.path, edge });
      else queue.push(to.path);
    }
  }
  const [first] = modules;
  const packageFolders = reachedPackages(store, edges);
  return { entry: first?.path === entry ? first : undefined, modules, edges, faults, assets, packageFolders };
}

function resolveRequest(store: ModuleStore, from: ParsedModule, request: ModuleRequest): Resolution | undefined {
  if (request.specifier === undefined) return undefined;
  return store.resolve({ specifier: request.specifier, from: from.path, kind: request.kind });
}

/** Packages that are imported, and those that these declare, as far as the tree ships them. */
function reachedPackages(store: ModuleStore, edges: readonly Edge[]): Set<string> {
  const queue: string[] = [];
  for (const { to } of edges) {
    if (to?.is === 'package') queue.push(to.folder);
    else if (to?.is === 'file') queue.push(packageFolder(to.path));
    else if (to?.is === 'missing' && to.folder !== undefined) queue.push(to.folder);
  }
  const reached = new Set<string>();
  for (let folder = queue.pop(); folder !== undefined; folder = queue.pop()) {
    if (folder === '' || reached.has(folder)) continue;
    reached.add(folder);
    for (const name of store.packages(folder)?.declared.keys() ?? []) {
      const to = store.resolve({ specifier: name, from: `${folder}/package.json`, kind: 'require' });
      if (to.is === 'package') queue.push(to.folder);
      else if (to.is === 'missing' && to.folder !== undefined) queue.push(to.folder);
    }
  }
  return reached;
}
