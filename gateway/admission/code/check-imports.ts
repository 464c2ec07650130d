import semver from 'semver';
import type { ImportsRule, PackageRule, SourceTree, Violation } from '../types.ts';
import { violation } from '../violation.ts';
import type { Lockfile, LockedPackage } from './lockfile.ts';
import type { Edge, ModuleGraph } from './module-graph.ts';
import type { ModuleStore } from './module-store.ts';
import { ownerOf, packageFolder } from './package-facts.ts';
import { packageNameOf } from './resolve-specifier.ts';

export interface ImportCheck {
  readonly store: ModuleStore;
  readonly graph: ModuleGraph;
  readonly lock: Lockfile;
  /** Under `strict` a package that only the lockfile names is not there: its code was not seen. */
  readonly strict: boolean;
  /** Undefined: only the rules that are always on. */
  readonly rule: ImportsRule | undefined;
}

/** The module graph against the `imports` of the contract (PC-D101 to PC-D111, apart from what the scan finds). */
export function checkImports(check: ImportCheck): Violation[] {
  const { graph, rule } = check;
  const found = graph.edges.flatMap((edge) => checkEdge(check, edge));
  if (rule === undefined) return found;
  return [...found, ...checkPackages(check, rule), ...checkInstalled(check, rule)];
}

function checkEdge(check: ImportCheck, edge: Edge): Violation[] {
  const { request, to, from } = edge;
  const { rule } = check;
  const own = packageFolder(from.path) === '';
  const place = from.place(request.offset);
  const base = { ...place, subject: request.specifier };
  const found: Violation[] = [];
  const governed = rule !== undefined && (own || rule.transitive === 'closure') ? rule : undefined;
  if (governed?.dynamic !== undefined && (request.dynamic || !request.literal)) {
    if (!request.literal || (governed.dynamic === 'deny' && request.kind === 'import')) {
      found.push(
        violation('PC-D107', `${governed.at}.dynamic`, {
          ...base,
          expected: governed.dynamic,
          observed: 'a computed specifier',
        }),
      );
    }
  }
  if (to === undefined) return found;
  if (to.is === 'escape') found.push(violation('PC-D110', 'imports.relative', { ...base, observed: to.reason }));
  if (to.is === 'remote')
    found.push(violation('PC-D109', 'imports', { ...base, observed: `a ${to.scheme}: specifier` }));
  if (to.is === 'missing' && to.name === undefined) {
    found.push(violation('PC-D102', 'imports', { ...base, observed: to.reason }));
  }
  if (governed === undefined) return found;
  if (to.is === 'builtin') found.push(...checkBuiltin(governed, edge, to.name));
  const name = to.is === 'provided' ? to.module.name : 'name' in to ? to.name : undefined;
  if (name !== undefined && to.is !== 'builtin') found.push(...checkPackage(check, governed, edge, name));
  return found;
}

function checkBuiltin(rule: ImportsRule, { from, request }: Edge, name: string): Violation[] {
  if (rule.builtins === undefined) return [];
  const place = from.place(request.offset);
  const allowed = rule.builtins.find((each) => each.name === name);
  if (allowed === undefined) {
    const expected = rule.builtins.map((each) => each.name).join(', ') || 'no builtin';
    return [violation('PC-D101', `${rule.at}.builtins`, { ...place, subject: name, expected, observed: name })];
  }
  if (allowed.members === undefined) return [];
  const expected = allowed.members.join(', ');
  if (request.members === undefined) {
    const observed = 'the whole module';
    return [violation('PC-D101', allowed.at, { ...place, subject: name, expected, observed, confidence: 'heuristic' })];
  }
  return request.members
    .filter((member) => allowed.members?.includes(member) !== true)
    .map((member) =>
      violation('PC-D101', allowed.at, { ...place, subject: `${name}.${member}`, expected, observed: member }),
    );
}

function checkPackage(check: ImportCheck, rule: ImportsRule, { from, request, to }: Edge, name: string): Violation[] {
  const own = packageFolder(from.path) === '';
  const base = { ...from.place(request.offset), subject: name };
  const found: Violation[] = [];
  const owner = ownerOf(from.path, check.store.packages);
  const missing = to?.is === 'missing' ? to : undefined;
  // What a dependency tries and does without is not part of what runs.
  if (!own && missing !== undefined && (request.guarded || owner?.declared.get(name)?.optional === true)) return [];
  if (owner?.name === name && to?.is === 'file') return [];
  if (rule.packages !== undefined) {
    if (!rule.packages.some((each) => each.name === name)) {
      const observed = describeName(name);
      found.push(violation('PC-D108', `${rule.at}.packages`, { ...base, observed }));
    }
    const named = check.lock.find(name) !== undefined;
    const locked = named && !check.strict;
    const wanted = check.rule?.packages?.find((each) => each.name === name);
    if (missing !== undefined && (!locked || wanted?.required === true) && !(locked && own)) {
      found.push(
        violation('PC-D102', `${rule.at}.packages`, {
          ...base,
          observed: named ? 'only in the lockfile, and not shipped in the package' : missing.reason,
        }),
      );
    }
  }
  if (rule.undeclared === 'deny' && owner?.declared.has(name) !== true && to?.is !== 'provided') {
    const observed = `not in the dependencies of ${owner?.name ?? 'a package.json'}`;
    found.push(violation('PC-D105', `${rule.at}.undeclared`, { ...base, observed }));
  }
  return found;
}

/** Names what the eye cannot tell apart: a Cyrillic а in a package name is another package. */
function describeName(name: string): string {
  const odd = name.match(/[^\x21-\x7e]/gu) ?? [];
  if (odd.length === 0) return name;
  const points = odd.map((char) => `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`);
  return `a name with characters that only look usual: ${[...new Set(points)].slice(0, 8).join(' ')}`;
}

/** What the listed packages must be: present, in range, locked, from the registry. */
function checkPackages({ store, graph, lock }: ImportCheck, rule: ImportsRule): Violation[] {
  const found: Violation[] = [];
  for (const wanted of rule.packages ?? []) {
    const uses = graph.edges.filter(({ to, request }) => {
      const name = to?.is === 'provided' ? to.module.name : to !== undefined && 'name' in to ? to.name : undefined;
      return name === wanted.name || (name === undefined && packageNameOf(request.specifier ?? '') === wanted.name);
    });
    const [first] = uses;
    const provided = uses.find(({ to }) => to?.is === 'provided')?.to;
    const folders = new Set(
      uses.flatMap(({ to }) =>
        to?.is === 'package' ? [to.folder] : to?.is === 'missing' && to.folder !== undefined ? [to.folder] : [],
      ),
    );
    for (const folder of graph.packageFolders) if (folder.endsWith(`node_modules/${wanted.name}`)) folders.add(folder);
    const atTop = lock.find(wanted.name);
    const declared = store.packages('')?.declared.has(wanted.name) === true && atTop !== undefined;
    if (first === undefined && folders.size === 0 && !declared) {
      if (wanted.required)
        found.push(violation('PC-D103', wanted.at, { subject: wanted.name, observed: 'not imported' }));
      continue;
    }
    const place = first?.from.place(first.request.offset);
    const installed = [...folders].map((folder) => ({
      version: store.packages(folder)?.version,
      lock: lock.find(wanted.name, folder),
    }));
    if (provided?.is === 'provided') installed.push({ version: provided.module.version, lock: undefined });
    if (installed.length === 0 && atTop !== undefined) installed.push({ version: atTop.version, lock: atTop });
    for (const each of installed) found.push(...checkVersion(wanted, each, place, provided !== undefined));
  }
  return found;
}

function checkVersion(
  wanted: PackageRule,
  { version, lock }: { version: string | undefined; lock: LockedPackage | undefined },
  place: object | undefined,
  provided: boolean,
): Violation[] {
  const found: Violation[] = [];
  const base = { ...place, subject: wanted.name };
  const shown = version ?? lock?.version;
  if (wanted.version !== undefined && !(shown !== undefined && semver.satisfies(shown, wanted.version))) {
    const observed = shown ?? 'no version';
    found.push(violation('PC-D104', `${wanted.at}.version`, { ...base, expected: wanted.version, observed }));
  } else if (version !== undefined && lock?.version !== undefined && !semver.satisfies(version, lock.version)) {
    const expected = `${lock.version} of the lockfile`;
    found.push(violation('PC-D104', wanted.at, { ...base, expected, observed: version }));
  }
  if (provided) return found;
  if (wanted.lock && lock?.integrity === undefined) {
    const expected = 'a lockfile entry with an integrity hash';
    found.push(
      violation('PC-D106', `${wanted.at}.lock`, {
        ...base,
        expected,
        observed: lock === undefined ? 'not locked' : 'no hash',
      }),
    );
  }
  if (
    lock !== undefined &&
    (lock.link || (lock.resolved !== undefined && !/^https:\/\/[^/]+\/.+\.tgz/.test(lock.resolved)))
  ) {
    const observed = lock.link ? 'a local folder' : (lock.resolved?.slice(0, 200) ?? '');
    found.push(violation('PC-D106', wanted.at, { ...base, expected: 'a registry tarball', observed }));
  }
  return found;
}

/** Install scripts and native code in the plugin and in every package of its closure (PC-D111, PC-D109 for wasm). */
function checkInstalled({ store, graph, lock }: ImportCheck, rule: ImportsRule): Violation[] {
  const found: Violation[] = [];
  const folders = ['', ...(rule.transitive === 'closure' ? graph.packageFolders : [])];
  if (rule.installScripts === 'deny') {
    for (const folder of folders) {
      const facts = store.packages(folder);
      const name = folder.slice(folder.lastIndexOf('node_modules/') + (folder === '' ? 1 : 13)) || (facts?.name ?? '.');
      const file = folder === '' ? 'package.json' : `${folder}/package.json`;
      const base = { file, line: 1, column: 1, subject: name };
      for (const script of facts?.installScripts ?? []) {
        found.push(violation('PC-D111', `${rule.at}.installScripts`, { ...base, observed: `script "${script}"` }));
      }
      const builds = folder !== '' && store.root.files.has(`${folder}/binding.gyp`);
      const hidden =
        folder !== '' && facts?.installScripts.length === 0 && lock.find(name, folder)?.installScript === true;
      if (builds || hidden)
        found.push(violation('PC-D111', `${rule.at}.installScripts`, { ...base, observed: 'a native build' }));
    }
  }
  const denied = { '.node': rule.capabilities.nativeAddons, '.wasm': rule.capabilities.wasm };
  for (const [extension, verdict] of Object.entries(denied)) {
    if (verdict !== 'deny') continue;
    const key = extension === '.node' ? 'nativeAddons' : 'wasm';
    for (const file of filesOf(store.root, folders, extension)) {
      const path = `${rule.at}.capabilities.${key}`;
      found.push(
        violation(key === 'wasm' ? 'PC-D109' : 'PC-D111', path, {
          file,
          subject: file,
          observed: `a ${extension} file`,
        }),
      );
    }
  }
  return found;
}

/** Files with an extension that belong to one of the packages. */
function filesOf(root: SourceTree, folders: readonly string[], extension: string): string[] {
  const owners = new Set(folders);
  return [...root.files.keys()].filter((path) => path.endsWith(extension) && owners.has(packageFolder(path)));
}
