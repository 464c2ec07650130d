import type { Expression, Node, ObjectExpression } from 'oxc-parser';
import type { ExpectedExport, ExpectedShape } from '../../lib/live-shape.ts';
import { pluginApiName } from '../provided-modules.ts';
import type { AnalysisInput } from '../types.ts';
import type { ClassShape } from './class-shape.ts';
import { exportedNames, findExport } from './find-export.ts';
import { buildGraph } from './module-graph.ts';
import { declarationKind, indexOf } from './module-index.ts';
import { createModuleStore, type ModuleStore } from './module-store.ts';
import type { ParsedModule } from './parse-source.ts';
import { exportShape, nodeShape, type ExportShape } from './shape.ts';
import { bare, keyName } from './syntax.ts';

/** A module with more exports is described by the first of them (docs/queues.md bounds what is looked at live). */
const maxNames = 1_000;
/** What of a value is looked at live: bytes of JSON, and depth. */
const maxValueChars = 4_096;
const maxValueDepth = 7;

/**
 * What the source says about the module that will be loaded: names, kinds, parameters, members and literal values. What
 * cannot be known without running is left open. The live module is held to it, so that nothing which a side effect
 * puts in the place of what was checked ever serves.
 */
export function staticShape(input: Omit<AnalysisInput, 'contract' | 'profile'>): ExpectedShape {
  try {
    return shapeIn(input);
  } catch (error) {
    // Too deeply nested for our stack: then no live module fits.
    if (error instanceof RangeError) return { closed: true, exports: [] };
    throw error;
  }
}

function shapeIn({ root, entry, provided = [] }: Parameters<typeof staticShape>[0]): ExpectedShape {
  const store = createModuleStore(root, provided);
  const { entry: module } = buildGraph(store, entry);
  if (module === undefined || module.commonjs) return { closed: false, exports: [] };
  const { names, open } = exportedNames(store, module);
  const listed = [...names].slice(0, maxNames);
  const exports = listed.map((name): ExpectedExport => {
    const expected = expectedOf(name, exportShape(store, module, name));
    const object = objectBehind(store, module, name);
    return object === undefined ? expected : { ...expected, kind: 'value', fields: fieldsOf(store, object) };
  });
  return { closed: !open && listed.length === names.size, exports };
}

function expectedOf(name: string, shape: ExportShape | undefined): ExpectedExport {
  if (shape?.is === 'function') {
    const { async, generator, length } = shape.function;
    return { name, kind: 'function', async, generator, length };
  }
  if (shape?.is === 'class') return { name, kind: 'class', ...membersOf(shape.class) };
  if (shape?.is !== 'variable' || shape.variable.computed) return { name };
  const { value } = shape.variable;
  return { name, kind: 'value', value: value && seenLive(value.value) };
}

/** The value as the live side tells it, where it is small enough to be told. */
function seenLive(value: unknown): ExpectedExport['value'] {
  const json = JSON.stringify(value);
  if (json.length > maxValueChars || !isShallow(value, maxValueDepth)) return undefined;
  return { value: JSON.parse(json) as unknown };
}

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((each) => isShallow(each, depth - 1));
}

function membersOf({ members, statics, open }: ClassShape): Pick<ExpectedExport, 'members' | 'statics' | 'sealed'> {
  const onPrototype = [...members].filter(
    ([, shape]) => shape.is === 'accessor' || (shape.is === 'method' && shape.field !== true),
  );
  return { members: onPrototype.map(([name]) => name), statics: [...statics.keys()], sealed: !open };
}

interface FoundObject {
  readonly module: ParsedModule;
  readonly node: ObjectExpression;
}

/** The literal object that is exported, also through `definePlugin`, which gives back what it was given. */
function objectBehind(store: ModuleStore, entry: ParsedModule, name: string): FoundObject | undefined {
  const binding = findExport(store, entry, name);
  if (binding?.is === 'node') return objectIn(store, binding.module, binding.node);
  if (binding?.is !== 'declared') return undefined;
  const [declarator, ...more] = binding.nodes;
  const { rebound, changed } = indexOf(binding.module);
  if (declarator?.type !== 'VariableDeclarator' || declarator.init === null || more.length > 0) return undefined;
  if (declarationKind(declarator) !== 'const' || rebound.has(binding.name) || changed.has(binding.name))
    return undefined;
  return objectIn(store, binding.module, declarator.init);
}

function objectIn(store: ModuleStore, module: ParsedModule, node: Node): FoundObject | undefined {
  const inner = bare(node as Expression);
  if (inner.type === 'ObjectExpression') return { module, node: inner };
  if (inner.type !== 'CallExpression' || inner.callee.type !== 'Identifier') return undefined;
  const imported = indexOf(module).imported.get(inner.callee.name);
  const [given] = inner.arguments;
  if (imported?.name !== 'definePlugin') return undefined;
  const to = store.resolve({ specifier: imported.specifier, from: module.path, kind: 'import' });
  if (to.is !== 'provided' || to.module.name !== pluginApiName || given === undefined || inner.arguments.length > 1)
    return undefined;
  const object = bare(given as Expression);
  return object.type === 'ObjectExpression' ? { module, node: object } : undefined;
}

function fieldsOf(store: ModuleStore, { module, node }: FoundObject): ExpectedShape {
  const fields = new Map<string, ExpectedExport>();
  let closed = true;
  for (const property of node.properties) {
    const name = property.type === 'Property' ? keyName(property.key, property.computed) : undefined;
    if (property.type !== 'Property' || name === undefined || name === '__proto__') {
      closed = false;
      continue;
    }
    const { value, kind } = property;
    fields.set(name, kind === 'init' ? expectedOf(name, nodeShape(store, module, value)) : { name, kind: 'accessor' });
  }
  // A spread may put anything in the place of what stands before it.
  return closed ? { closed, exports: [...fields.values()].slice(0, maxNames) } : { closed, exports: [] };
}
