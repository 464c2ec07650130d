import type { ExportNamedDeclaration, VariableDeclaration } from 'oxc-parser';
import type { CodeContract, Violation } from '../types.ts';
import { violation } from '../violation.ts';
import { scanAuthority, type AuthorityUse } from './authority-scan.ts';
import type { ModuleGraph } from './module-graph.ts';
import type { ModuleStore } from './module-store.ts';
import { packageFolder } from './package-facts.ts';
import type { ParsedModule } from './parse-source.ts';
import { pathOf, sideEffects, type SideEffect } from './side-effects.ts';
import { bare } from './syntax.ts';

/** Hidden authority in every module of the graph (PC-D109), and effects at load in the plugin's own (PC-S106). */
export function checkAuthority(store: ModuleStore, graph: ModuleGraph, contract: CodeContract): Violation[] {
  const found: Violation[] = [];
  for (const module of graph.modules) {
    const own = packageFolder(module.path) === '';
    // `direct` leaves dependencies to their own; what can never be granted is denied everywhere.
    const governed = own || contract.imports?.transitive !== 'direct';
    for (const use of scanAuthority(module)) {
      const denial = deniedBy(use, contract);
      if (denial !== undefined && (governed || use.authority === 'escape')) found.push(denial);
    }
    if (own) found.push(...checkEffects(store, module, contract));
  }
  return found;
}

function deniedBy(use: AuthorityUse, { imports }: CodeContract): Violation | undefined {
  const grants = imports?.capabilities;
  const report = (key: string, expected: string): Violation =>
    violation('PC-D109', key === '' ? 'imports' : `imports.capabilities.${key}`, {
      ...use.place,
      subject: use.what,
      expected,
      observed: use.what,
      confidence: use.confidence,
    });
  switch (use.authority) {
    case 'escape':
      return report('', 'no way around the import rules');
    case 'eval':
      return grants?.eval === 'allow' ? undefined : report('eval', 'no code from text');
    case 'wasm':
      return grants?.wasm === 'deny' ? report('wasm', 'no WebAssembly') : undefined;
    case 'globalWrites':
      return grants?.globalWrites === 'deny' ? report('globalWrites', 'no change of globals') : undefined;
    default: {
      const allowed = grants?.processObject;
      if (allowed === undefined || (use.member !== undefined && allowed.includes(use.member))) return undefined;
      return report('processObject', allowed.length === 0 ? 'no member of process' : allowed.join(', '));
    }
  }
}

function checkEffects(store: ModuleStore, module: ParsedModule, { plugin }: CodeContract): Violation[] {
  if (plugin.sideEffects !== 'forbid' && plugin.sideEffects !== 'warn') return [];
  return effectsOf(store, module).map(({ what, confidence, place }) =>
    violation('PC-S106', 'plugin.sideEffects', {
      ...place,
      observed: what,
      confidence,
      severity: plugin.sideEffects === 'forbid' ? 'error' : 'warning',
    }),
  );
}

/** What a module does when it is loaded, beyond making values with what the gateway itself provides. */
export function effectsOf(store: ModuleStore, module: ParsedModule): SideEffect[] {
  const trusted = new Set<string>();
  for (const node of module.program.body) {
    if (node.type === 'VariableDeclaration' || node.type === 'ExportNamedDeclaration') addTrusted(node, trusted);
    if (node.type !== 'ImportDeclaration') continue;
    const to = store.resolve({ specifier: node.source.value, from: module.path, kind: 'import' });
    if (to.is === 'provided') for (const each of node.specifiers) trusted.add(each.local.name);
  }
  return sideEffects(module, (name) => trusted.has(name));
}

/** A constant made by a trusted function (`const id = z.string()`) is a value of that function's module. */
function addTrusted(node: VariableDeclaration | ExportNamedDeclaration, trusted: Set<string>): void {
  const declaration = node.type === 'VariableDeclaration' ? node : node.declaration;
  if (declaration?.type !== 'VariableDeclaration' || declaration.kind !== 'const') return;
  for (const { id, init } of declaration.declarations) {
    if (id.type === 'Identifier' && init !== null && trusted.has(pathOf(bare(init)).split('.')[0]!))
      trusted.add(id.name);
  }
}
