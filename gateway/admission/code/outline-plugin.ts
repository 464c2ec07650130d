import type { OutlinePlugin, PluginOutline } from '../types.ts';
import type { Json } from '../../../contracts/plugin.ts';
import type { ClassShape, MemberShape } from './class-shape.ts';
import { contractTypeText, typeText, type CodeType, type Parameter } from './code-type.ts';
import { withDeclaredTypes } from './declared-types.ts';
import { exportedNames } from './find-export.ts';
import type { FunctionShape } from './function-shape.ts';
import { buildGraph, type ModuleGraph } from './module-graph.ts';
import { createModuleStore, type ModuleStore } from './module-store.ts';
import { exportShape, type VariableShape } from './shape.ts';

type Written = { [key: string]: Json };

/**
 * The code as it is today, in the words of the grammar. Types that the mini-language cannot say are left out, and so
 * are imports that do not resolve: checking the draft then denies them.
 */
export const outlinePlugin: OutlinePlugin = ({ root, entry, provided = [] }) => {
  const store = createModuleStore(root, provided);
  const graph = buildGraph(store, entry);
  return Promise.resolve({ exports: outlineExports(store, graph), ...outlineImports(store, graph) });
};

function outlineExports(store: ModuleStore, { entry }: ModuleGraph): Json {
  const variables: Written[] = [];
  const functions: Written[] = [];
  const classes: Written[] = [];
  if (entry === undefined) return {};
  for (const name of [...exportedNames(store, entry).names].sort()) {
    const found = exportShape(store, entry, name);
    const shape = found && withDeclaredTypes(store, entry, name, found).shape;
    if (shape?.is === 'function') functions.push({ name, ...outlineFunction(shape.function) });
    else if (shape?.is === 'class') classes.push({ name, ...outlineClass(shape.class) });
    else if (shape?.is === 'variable') variables.push({ name, ...outlineVariable(shape.variable) });
    else variables.push({ name, deferToLive: true });
  }
  return {
    ...(variables.length > 0 ? { variables } : {}),
    ...(functions.length > 0 ? { functions } : {}),
    ...(classes.length > 0 ? { classes } : {}),
  };
}

function outlineVariable({ const: steady, type, value }: VariableShape): Written {
  const isScalar = value !== undefined && (value.value === null || typeof value.value !== 'object');
  return { ...typed('type', type), ...(isScalar ? { value: value.value } : {}), ...(steady ? { const: true } : {}) };
}

function outlineFunction({ signatures, async, generator }: FunctionShape): Written {
  const signature = signatures.at(-1);
  const returns = signature?.returns;
  const iterates = returns?.is === 'iterator' ? returns : undefined;
  const result = iterates?.of ?? (returns?.is === 'promise' ? returns.of : returns);
  const promises = async === true || returns?.is === 'promise';
  const kind: Written =
    generator === true || iterates !== undefined
      ? { generator: (iterates?.async ?? async === true) ? 'async' : 'sync' }
      : promises
        ? { async: 'required' }
        : {};
  return {
    ...kind,
    params: outlineParams(signature?.params ?? []),
    ...(result === undefined ? {} : typed('returns', result)),
  };
}

function outlineParams(params: readonly Parameter[]): Written[] {
  return params.map(({ name, type, optional, rest, default: given }, i) => {
    const value = given?.value as Json | undefined;
    // A parameter that wants a Buffer takes less than the bytes that a contract can say.
    return {
      name: /^[A-Za-z_$][\w$]*$/.test(name) ? name : `arg${i + 1}`,
      ...(typeText(type).includes('Buffer') ? {} : typed('type', type)),
      ...(rest ? { rest: true } : optional ? { optional: true } : {}),
      ...(value === undefined ? {} : { default: value }),
    };
  });
}

function outlineClass({ ancestors, construct, members, statics }: ClassShape): Written {
  const [parent] = ancestors;
  const from = parent?.from === undefined || parent.from.startsWith('.') ? undefined : parent.from;
  const extended: Written =
    parent?.name === undefined || from === 'global'
      ? {}
      : { extends: { name: parent.name, ...(from === undefined ? {} : { from }) } };
  const written: Record<string, Written[]> = {};
  const add = (key: string, entry: Written): void => void (written[key] ??= []).push(entry);
  for (const [name, shape] of members) addMember(name, shape, { add, field: 'fields', method: 'methods' });
  for (const [name, shape] of statics) addMember(name, shape, { add, field: 'statics', method: 'staticMethods' });
  return { ...extended, ...(construct === undefined ? {} : { construct: outlineParams(construct) }), ...written };
}

function addMember(
  name: string,
  shape: MemberShape,
  { add, field, method }: { add: (key: string, entry: Written) => void; field: string; method: string },
): void {
  if (shape.hidden) return;
  if (shape.is === 'method') add(method, { name, ...outlineFunction(shape.function) });
  else if (shape.is === 'field') add(field, { name, ...typed('type', shape.type) });
  else if (field === 'fields') {
    const sides = {
      ...(shape.get === undefined ? {} : { get: textOr(shape.get) }),
      ...(shape.set === undefined ? {} : { set: textOr(shape.set) }),
    };
    add('accessors', { name, ...sides });
  }
}

function typed(key: string, type: CodeType): Written {
  const text = contractTypeText(type);
  return text === undefined ? {} : { [key]: text };
}

function textOr(type: CodeType): Json {
  return contractTypeText(type) ?? true;
}

function outlineImports(store: ModuleStore, graph: ModuleGraph): Pick<PluginOutline, 'builtins' | 'packages'> {
  const builtins = new Set<string>();
  const packages = new Map<string, string | undefined>();
  for (const { to } of graph.edges) {
    if (to?.is === 'builtin') builtins.add(to.name);
    else if (to?.is === 'package') packages.set(to.name, store.packages(to.folder)?.version);
    else if (to?.is === 'provided') packages.set(to.module.name, to.module.version);
  }
  return {
    builtins: [...builtins].sort(),
    packages: [...packages].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, version]) => ({ name, version })),
  };
}
