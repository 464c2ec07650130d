import type { OutlinePlugin, PluginOutline } from '../types.ts';
import type { Json } from '../../../contracts/plugin.ts';
import type { ClassShape, MemberShape } from './class-shape.ts';
import { contractTypeText, fromForm, withoutUndefined, type CodeType, type Parameter } from './code-type.ts';
import { assignable } from './assignability.ts';
import { memberName } from '../language/words.ts';
import { parseTypeText, TypeTextError } from '../language/type-text.ts';
import { withDeclaredTypes } from './declared-types.ts';
import { exportedNames } from './find-export.ts';
import type { FunctionShape } from './function-shape.ts';
import { buildGraph, type ModuleGraph } from './module-graph.ts';
import { createModuleStore, type ModuleStore } from './module-store.ts';
import { effectsOf } from './check-authority.ts';
import { packageFolder } from './package-facts.ts';
import { exportShape, type VariableShape } from './shape.ts';

type Written = { [key: string]: Json };

/** Bounds of the grammar (language/grammar-exports.ts): what goes beyond them cannot be written down. */
const most = { exports: 1024, members: 256, params: 64 };

/**
 * The code as it is today, in the words of the grammar. What cannot be known or cannot be said is left out or deferred
 * to the live check, so that the outline always fits the code. Imports that do not resolve are left out as well:
 * checking the draft then denies them.
 */
export const outlinePlugin: OutlinePlugin = ({ root, entry, provided = [] }) => {
  const store = createModuleStore(root, provided);
  const graph = buildGraph(store, entry);
  return Promise.resolve({
    commonjs: graph.entry?.commonjs === true,
    effects: graph.modules.some((module) => packageFolder(module.path) === '' && effectsOf(store, module).length > 0),
    exports: outlineExports(store, graph),
    ...outlineImports(store, graph),
  });
};

function outlineExports(store: ModuleStore, { entry }: ModuleGraph): Json {
  if (entry === undefined) return {};
  const { names, open } = exportedNames(store, entry);
  const written = { variables: [] as Written[], functions: [] as Written[], classes: [] as Written[] };
  const listed = [...names].filter(isNameable).sort().slice(0, most.exports);
  for (const name of listed) {
    const found = exportShape(store, entry, name);
    const shape = found && withDeclaredTypes(store, entry, name, found).shape;
    if (shape?.is === 'function') written.functions.push({ name, ...outlineFunction(shape.function) });
    else if (shape?.is === 'class') written.classes.push({ name, ...outlineClass(shape.class) });
    else if (shape?.is === 'variable') written.variables.push({ name, ...outlineVariable(shape.variable) });
    else written.variables.push({ name, deferToLive: true });
  }
  return {
    policy: open || listed.length < names.size ? 'open' : 'closed',
    ...Object.fromEntries(Object.entries(written).filter(([, list]) => list.length > 0)),
  };
}

function outlineVariable({ const: steady, type, value }: VariableShape): Written {
  const isScalar = value !== undefined && (value.value === null || typeof value.value !== 'object');
  return {
    ...typed('type', type, 'given'),
    ...(isScalar ? { value: value.value } : {}),
    ...(steady ? { const: true } : {}),
  };
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
    ...(result === undefined ? {} : typed('returns', result, 'given')),
  };
}

function outlineParams(params: readonly Parameter[]): Written[] {
  return params.slice(0, most.params).map(outlineParam);
}

function outlineParam({ name, type, optional, rest, default: given }: Parameter, position: number): Written {
  const value = given?.value as Json | undefined;
  return {
    name: /^[A-Za-z_$][\w$]*$/.test(name) ? name : `arg${position + 1}`,
    ...typed('type', optional && !rest ? withoutUndefined(type) : type, 'taken'),
    ...(rest ? { rest: true } : optional ? { optional: true } : {}),
    // A declaration file may demand what the code could do without.
    ...(value === undefined || !optional ? {} : { default: value }),
  };
}

function outlineClass({ ancestors, construct, members, statics }: ClassShape): Written {
  const [parent] = ancestors;
  const from = parent?.from === undefined || parent.from.startsWith('.') ? undefined : parent.from;
  const extended: Written =
    parent?.name === undefined || from === 'global'
      ? {}
      : { extends: { name: parent.name, ...(from === undefined ? {} : { from }) } };
  const written: Record<string, Written[]> = {};
  const add = (key: string, name: string, rule: Written): void => {
    const list = (written[key] ??= []);
    if (list.length < most.members && isNameable(name)) list.push({ name, ...rule });
  };
  for (const [name, shape] of members) addMember(name, shape, { add, field: 'fields', method: 'methods' });
  for (const [name, shape] of statics) addMember(name, shape, { add, field: 'statics', method: 'staticMethods' });
  return { ...extended, ...(construct === undefined ? {} : { construct: outlineParams(construct) }), ...written };
}

function addMember(
  name: string,
  shape: MemberShape,
  { add, field, method }: { add: (key: string, name: string, rule: Written) => void; field: string; method: string },
): void {
  if (shape.hidden) return;
  if (shape.is === 'method') add(method, name, outlineFunction(shape.function));
  else if (shape.is === 'field') add(field, name, typed('type', shape.type, 'given'));
  else if (field === 'fields') {
    const sides = {
      ...(shape.get === undefined ? {} : { get: sayable(shape.get, 'given') ?? true }),
      ...(shape.set === undefined ? {} : { set: sayable(shape.set, 'taken') ?? true }),
    };
    add('accessors', name, sides);
  }
}

/** Which way values of a type go: given by the code to its caller, or taken from it. */
type Way = 'given' | 'taken';

function typed(key: string, type: CodeType, way: Way): Written {
  const text = sayable(type, way);
  return text === undefined ? {} : { [key]: text };
}

/**
 * The type in the mini-language, where that says what the code says: the text is read back and compared as the check
 * will compare it. `string | undefined` as a parameter, for instance, has no word there.
 */
function sayable(type: CodeType, way: Way): string | undefined {
  const text = contractTypeText(type);
  if (text === undefined) return undefined;
  try {
    const read = fromForm(parseTypeText(text, new Set()), new Map());
    const fits = way === 'given' ? assignable(type, read) : assignable(read, type);
    return fits === 'yes' ? text : undefined;
  } catch (error) {
    // Too long or too deep for the language.
    if (error instanceof TypeTextError) return undefined;
    throw error;
  }
}

/** Whether the grammar has room for the name: modules may export any text as a name. */
function isNameable(name: string): boolean {
  return name.length <= 256 && memberName.test(name);
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
