import type { Class, Expression, Node, TSType } from 'oxc-parser';
import type { Json } from '../../../contracts/plugin.ts';
import { typeOf } from './annotation-type.ts';
import { classShape, type ClassShape } from './class-shape.ts';
import { undecided, type CodeType, type Signature } from './code-type.ts';
import { findExport, findLocal, type Binding } from './find-export.ts';
import { functionShape, typeScope, type FunctionShape } from './function-shape.ts';
import { literalValue } from './literal-value.ts';
import { declarationKind, indexOf } from './module-index.ts';
import type { ModuleStore } from './module-store.ts';
import type { ParsedModule, Place } from './parse-source.ts';
import { bare } from './syntax.ts';

/** What an export is, as far as it can be known without running anything. */
export type ExportShape =
  | { readonly is: 'variable'; readonly variable: VariableShape; readonly place: Place }
  | { readonly is: 'function'; readonly function: FunctionShape; readonly place: Place }
  | { readonly is: 'class'; readonly class: ClassShape; readonly place: Place }
  /** Computed, conditional, rebound, or beyond the package. */
  | { readonly is: 'unknown'; readonly why: string; readonly place: Place };

export interface VariableShape {
  readonly const: boolean;
  readonly type: CodeType;
  /** Undefined when the value is not a literal, or may change. */
  readonly value: { readonly value: Json } | undefined;
  /** True when the value may be anything, a function for instance. */
  readonly computed: boolean;
}

/** The shape behind an exported name; undefined when the module certainly exports no such value. */
export function exportShape(store: ModuleStore, entry: ParsedModule, name: string): ExportShape | undefined {
  const binding = findExport(store, entry, name);
  return binding === undefined ? undefined : bindingShape(store, entry, binding, 0);
}

/** The shape of an expression that is the value of something constant. */
export function nodeShape(store: ModuleStore, module: ParsedModule, node: Node): ExportShape | undefined {
  return expressionShape(store, module, { node, annotation: undefined, const: true, steady: true }, 0);
}

function bindingShape(
  store: ModuleStore,
  entry: ParsedModule,
  binding: Binding,
  hops: number,
): ExportShape | undefined {
  const start = entry.place(0);
  switch (binding.is) {
    case 'declared':
      return declaredShape(store, binding, hops);
    case 'node':
      return nodeShape(store, binding.module, binding.node);
    case 'namespace':
      return { is: 'variable', variable: objectOf('a namespace'), place: start };
    case 'external':
      return { is: 'unknown', why: `it comes from ${binding.specifier}`, place: start };
    default:
      return { is: 'unknown', why: binding.why, place: start };
  }
}

function declaredShape(
  store: ModuleStore,
  { module, name, nodes }: Binding & { is: 'declared' },
  hops: number,
): ExportShape | undefined {
  const index = indexOf(module);
  const values = nodes.filter((node) => !/^TS(?:TypeAlias|Interface)Declaration$/.test(node.type));
  const [first] = values;
  if (first === undefined) return undefined;
  const place = module.place(first.start);
  const rebound = index.rebound.has(name);
  if (first.type === 'FunctionDeclaration' || first.type === 'TSDeclareFunction') {
    if (rebound) return { is: 'unknown', why: 'the name is assigned to again', place };
    const functions = values.flatMap((node) =>
      node.type === 'FunctionDeclaration' || node.type === 'TSDeclareFunction' ? [node] : [],
    );
    return { is: 'function', function: functionShape(functions, typeScope(store, module)), place };
  }
  if (first.type === 'ClassDeclaration') {
    if (rebound || index.changed.has(name))
      return { is: 'unknown', why: 'the class is changed after its declaration', place };
    return ofClass(store, module, first);
  }
  if (first.type === 'VariableDeclarator') {
    if (first.id.type !== 'Identifier') return { is: 'unknown', why: 'a destructured value', place };
    const { typeAnnotation } = first.id;
    const kind = declarationKind(first);
    const annotation = typeAnnotation?.typeAnnotation;
    const steady = !rebound && !index.changed.has(name) && values.length === 1;
    const node = first.init;
    if (node === null || rebound) {
      const type = annotation === undefined ? undecided('no annotation') : typeOf(annotation, typeScope(store, module));
      return { is: 'variable', variable: { const: kind === 'const', type, value: undefined, computed: true }, place };
    }
    return expressionShape(store, module, { node, annotation, const: kind === 'const', steady }, hops);
  }
  if (first.type === 'TSEnumDeclaration') {
    return { is: 'variable', variable: objectOf('an enum'), place };
  }
  return first.type === 'TSModuleDeclaration'
    ? { is: 'variable', variable: objectOf('a namespace'), place }
    : { is: 'unknown', why: 'not a plain declaration', place };
}

/** A constant object of the language whose members are not looked into. */
const objectOf = (what: string): VariableShape => ({
  const: true,
  type: undecided(what),
  value: undefined,
  computed: false,
});

interface Initialiser {
  readonly node: Node;
  readonly annotation: TSType | undefined;
  readonly const: boolean;
  /** Neither assigned to again nor changed. */
  readonly steady: boolean;
}

function expressionShape(
  store: ModuleStore,
  module: ParsedModule,
  init: Initialiser,
  hops: number,
): ExportShape | undefined {
  const place = module.place(init.node.start);
  const scope = typeScope(store, module);
  const node = bare(init.node as Expression) as Node;
  const annotated = init.annotation === undefined ? undefined : typeOf(init.annotation, scope);
  if (annotated?.is === 'any') return { is: 'unknown', why: 'it is declared as any', place };
  if (
    node.type === 'ArrowFunctionExpression' ||
    node.type === 'FunctionExpression' ||
    node.type === 'FunctionDeclaration'
  ) {
    if (hidesType(init.node as Expression)) return { is: 'unknown', why: 'its type is asserted', place };
    const own = functionShape([node], scope);
    if (annotated === undefined) return { is: 'function', function: own, place };
    if (annotated.is !== 'function')
      return { is: 'unknown', why: 'its annotation is no function type that can be read', place };
    return { is: 'function', function: { ...own, signatures: [declaredAs(annotated.signature, own)] }, place };
  }
  if (node.type === 'ClassExpression' || node.type === 'ClassDeclaration') {
    return init.steady && annotated === undefined
      ? ofClass(store, module, node)
      : { is: 'unknown', why: 'the class is changed', place };
  }
  if (node.type === 'Identifier' && annotated === undefined && init.const && hops < 32) {
    const binding = findLocal(store, module, node.name);
    if (binding !== undefined) return bindingShape(store, module, binding, hops + 1);
  }
  const literal = literalValue(node);
  const type = annotated ?? (literal === undefined ? withoutLiteral(node) : typeOfValue(literal.value));
  const value = init.steady ? literal : undefined;
  return {
    is: 'variable',
    variable: {
      const: init.const,
      type,
      value,
      computed: literal === undefined && node.type !== 'ObjectExpression' && node.type !== 'ArrayExpression',
    },
    place,
  };
}

/** The annotation is the promise; names, defaults and what may be left out are those of the function. */
function declaredAs(signature: Signature, own: FunctionShape): Signature {
  const names = own.signatures[0]?.params ?? [];
  return {
    ...signature,
    params: signature.params.map((each, i) => ({
      ...each,
      name: names[i]?.name ?? each.name,
      hasDefault: names[i]?.hasDefault ?? false,
      default: names[i]?.default,
    })),
  };
}

/** `(() => 1) as any` and other assertions say something that nobody checks. */
function hidesType(node: Expression): boolean {
  return node.type === 'TSAsExpression' || node.type === 'TSTypeAssertion';
}

function ofClass(store: ModuleStore, module: ParsedModule, node: Class): ExportShape {
  return { is: 'class', class: classShape(store, module, node), place: module.place(node.start) };
}

/** The type of a literal, as precise as the literal. */
export function typeOfValue(value: Json): CodeType {
  if (value === null) return { is: 'null' };
  if (typeof value !== 'object') return { is: 'literal', value };
  if (Array.isArray(value)) return { is: 'tuple', of: value.map((each: Json) => typeOfValue(each)) };
  const entries: [string, Json][] = Object.entries(value);
  return {
    is: 'object',
    properties: new Map(entries.map(([key, each]) => [key, { type: typeOfValue(each), optional: false }])),
  };
}

/** An expression that is no JSON: only `undefined` is known for what it is. */
function withoutLiteral(node: Node): CodeType {
  return node.type === 'Identifier' && node.name === 'undefined' ? { is: 'undefined' } : undecided('no annotation');
}
