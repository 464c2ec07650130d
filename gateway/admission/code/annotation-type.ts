import type {
  Node,
  ParamPattern,
  TSInterfaceDeclaration,
  TSSignature,
  TSType,
  TSTypeAnnotation,
  TSTypeName,
  TSTypeParameterDeclaration,
  TSTypeReference,
} from 'oxc-parser';
import type { Json } from '../../../contracts/plugin.ts';
import { undecided, unionOf, type CodeProperty, type CodeType, type Signature } from './code-type.ts';
import { findExport, findLocal, type Binding } from './find-export.ts';
import { builtinType } from './builtin-types.ts';
import { literalValue } from './literal-value.ts';
import type { ModuleStore } from './module-store.ts';
import type { ParsedModule } from './parse-source.ts';
import { keyName } from './syntax.ts';

/** Where a type is written, and what its type parameters stand for. */
export interface TypeScope {
  readonly store: ModuleStore;
  readonly module: ParsedModule;
  readonly bound: ReadonlyMap<string, CodeType>;
  /** Declarations that are being expanded: a type that contains itself is not decided. */
  readonly open: ReadonlySet<Node>;
  /** Shared by one whole conversion, so that hostile types cannot expand for ever. */
  readonly budget: { left: number };
  readonly signatureOf: (node: Callable, scope: TypeScope) => Signature;
}

/** Whatever has parameters and a result: functions, methods, function types, call signatures. */
export interface Callable {
  readonly params: readonly ParamPattern[];
  readonly returnType?: TSTypeAnnotation | null;
  readonly typeParameters?: TSTypeParameterDeclaration | null;
}

/** A TypeScript annotation in normal form. Aliases and interfaces are followed inside the tree. */
export function typeOf(node: TSType | null | undefined, scope: TypeScope): CodeType {
  if (node === null || node === undefined) return undecided('no annotation');
  if (scope.budget.left-- <= 0) return undecided('a type that is too large');
  switch (node.type) {
    case 'TSAnyKeyword':
      return { is: 'any' };
    case 'TSUnknownKeyword':
      return { is: 'unknown' };
    case 'TSNeverKeyword':
      return { is: 'never' };
    case 'TSVoidKeyword':
      return { is: 'void' };
    case 'TSUndefinedKeyword':
      return { is: 'undefined' };
    case 'TSNullKeyword':
      return { is: 'null' };
    case 'TSStringKeyword':
      return { is: 'string' };
    case 'TSNumberKeyword':
      return { is: 'number' };
    case 'TSBooleanKeyword':
      return { is: 'boolean' };
    case 'TSBigIntKeyword':
      return { is: 'bigint' };
    case 'TSSymbolKeyword':
      return { is: 'symbol' };
    case 'TSObjectKeyword':
      return { is: 'anyObject' };
    case 'TSParenthesizedType':
      return typeOf(node.typeAnnotation, scope);
    case 'TSArrayType':
      return { is: 'array', of: typeOf(node.elementType, scope) };
    case 'TSUnionType':
      return unionOf(node.types.map((each) => typeOf(each, scope)));
    case 'TSIntersectionType':
      return intersection(node.types.map((each) => typeOf(each, scope)));
    case 'TSLiteralType':
      return literalType(node.literal);
    case 'TSTupleType':
      return tuple(node.elementTypes, scope);
    case 'TSTypeLiteral':
      return members(node.members, scope, new Map());
    case 'TSFunctionType':
      return { is: 'function', signature: scope.signatureOf(node, scope) };
    case 'TSTypeOperator':
      return node.operator === 'readonly' ? typeOf(node.typeAnnotation, scope) : undecided(node.operator);
    case 'TSTypePredicate':
      return { is: node.asserts ? 'void' : 'boolean' };
    case 'TSTypeReference':
      return reference(node, scope);
    case 'TSIndexedAccessType':
      return indexed(typeOf(node.objectType, scope), typeOf(node.indexType, scope));
    default:
      return undecided(node.type);
  }
}

function literalType(node: Node): CodeType {
  const literal = literalValue(node);
  const value = literal?.value;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return { is: 'literal', value };
  return undecided('a literal of another kind');
}

function tuple(elements: readonly Node[], scope: TypeScope): CodeType {
  const of: CodeType[] = [];
  for (const each of elements) {
    if (each.type === 'TSNamedTupleMember' && !each.optional) of.push(typeOf(each.elementType as TSType, scope));
    else if (/^TS(?:Optional|Rest)Type$|^TSNamedTupleMember$/.test(each.type))
      return undecided('a tuple of varying length');
    else of.push(typeOf(each as TSType, scope));
  }
  return { is: 'tuple', of };
}

function intersection(parts: readonly CodeType[]): CodeType {
  const properties = new Map<string, CodeProperty>();
  for (const part of parts) {
    if (part.is !== 'object') return undecided('an intersection');
    for (const [key, each] of part.properties) {
      if (properties.has(key)) return undecided('an intersection of the same key');
      properties.set(key, each);
    }
  }
  return { is: 'object', properties };
}

function indexed(object: CodeType, key: CodeType): CodeType {
  if (object.is === 'array' && key.is === 'number') return object.of;
  if (object.is !== 'object' || key.is !== 'literal') return undecided('an indexed type');
  const property = object.properties.get(String(key.value));
  if (property === undefined) return undecided('an indexed type');
  return property.optional ? unionOf([property.type, { is: 'undefined' }]) : property.type;
}

/** Members of an interface or type literal, added to what it inherits. */
function members(
  list: readonly TSSignature[],
  scope: TypeScope,
  inherited: ReadonlyMap<string, CodeProperty>,
): CodeType {
  const properties = new Map(inherited);
  for (const each of list) {
    if (each.type === 'TSIndexSignature') {
      const key = typeOf(each.parameters[0]?.typeAnnotation.typeAnnotation, scope);
      const of = typeOf(each.typeAnnotation.typeAnnotation, scope);
      return list.length === 1 && key.is === 'string' ? { is: 'record', of } : undecided('an index signature');
    }
    if (each.type === 'TSCallSignatureDeclaration' && list.length === 1 && properties.size === 0) {
      return { is: 'function', signature: scope.signatureOf(each, scope) };
    }
    if (each.type === 'TSCallSignatureDeclaration' || each.type === 'TSConstructSignatureDeclaration') {
      return undecided('a callable object');
    }
    const key = keyName(each.key, each.computed);
    if (key === undefined) return undecided('a computed key');
    const type: CodeType =
      each.type === 'TSPropertySignature'
        ? typeOf(each.typeAnnotation?.typeAnnotation, scope)
        : each.kind === 'method'
          ? { is: 'function', signature: scope.signatureOf(each, scope) }
          : typeOf(each.returnType?.typeAnnotation, scope);
    properties.set(key, { type, optional: each.optional });
  }
  return { is: 'object', properties };
}

function reference(node: TSTypeReference, scope: TypeScope): CodeType {
  const args = (node.typeArguments?.params ?? []).map((each) => typeOf(each, scope));
  const { typeName } = node;
  if (typeName.type === 'Identifier') {
    const bound = scope.bound.get(typeName.name);
    if (bound !== undefined) return bound;
    const found = findLocal(scope.store, scope.module, typeName.name);
    if (found !== undefined) return fromBinding(found, args, scope);
    return builtinType(typeName.name, args) ?? undecided(typeName.name);
  }
  const found = qualified(typeName, scope);
  return found === undefined ? undecided(nameText(typeName)) : fromBinding(found, args, scope);
}

/** `ns.T` through `import * as ns`. */
function qualified(name: TSTypeName, scope: TypeScope): Binding | undefined {
  if (name.type !== 'TSQualifiedName' || name.left.type !== 'Identifier') return undefined;
  const left = findLocal(scope.store, scope.module, name.left.name);
  return left?.is === 'namespace' ? findExport(scope.store, left.module, name.right.name) : undefined;
}

function nameText(name: TSTypeName): string {
  if (name.type === 'TSQualifiedName') return `${nameText(name.left)}.${name.right.name}`;
  return name.type === 'Identifier' ? name.name : 'this';
}

function fromBinding(binding: Binding, args: readonly CodeType[], scope: TypeScope): CodeType {
  if (binding.is === 'external') return undecided(`${binding.name ?? '*'} of ${binding.specifier}`);
  if (binding.is !== 'declared') return undecided('a type from elsewhere');
  const [first] = binding.nodes;
  if (first === undefined || scope.open.has(first)) return undecided('a type that contains itself');
  const inner: TypeScope = {
    ...scope,
    module: binding.module,
    bound: new Map(),
    open: new Set([...scope.open, first]),
  };
  if (first.type === 'TSTypeAliasDeclaration') {
    const bound = bind(first.typeParameters?.params ?? [], args, inner);
    return bound === undefined ? undecided('type arguments') : typeOf(first.typeAnnotation, { ...inner, bound });
  }
  const interfaces = binding.nodes.filter((node) => node.type === 'TSInterfaceDeclaration');
  if (interfaces.length > 0) return fromInterfaces(interfaces, args, inner);
  if (first.type === 'TSEnumDeclaration') return fromEnum(first);
  return first.type === 'ClassDeclaration' ? { is: 'instance', name: binding.name } : undecided(binding.name);
}

function bind(params: readonly Node[], args: readonly CodeType[], scope: TypeScope): Map<string, CodeType> | undefined {
  const bound = new Map<string, CodeType>();
  for (const [i, each] of params.entries()) {
    if (each.type !== 'TSTypeParameter') return undefined;
    const given = args[i] ?? (each.default === null ? undefined : typeOf(each.default, scope));
    if (given === undefined) return undefined;
    bound.set(each.name.name, given);
  }
  return bound;
}

function fromInterfaces(
  nodes: readonly TSInterfaceDeclaration[],
  args: readonly CodeType[],
  scope: TypeScope,
): CodeType {
  let result: CodeType = { is: 'object', properties: new Map() };
  for (const node of nodes) {
    const bound = bind(node.typeParameters?.params ?? [], args, scope);
    if (bound === undefined) return undecided('type arguments');
    const inner = { ...scope, bound };
    for (const each of node.extends) {
      if (each.expression.type !== 'Identifier') return undecided('what the interface extends');
      const found = findLocal(scope.store, scope.module, each.expression.name);
      const parent =
        found &&
        fromBinding(
          found,
          (each.typeArguments?.params ?? []).map((one) => typeOf(one, inner)),
          inner,
        );
      if (parent?.is !== 'object') return undecided('what the interface extends');
      result = { is: 'object', properties: new Map([...result.properties, ...parent.properties]) };
    }
    const own = members(node.body.body, inner, result.properties);
    if (own.is !== 'object') return own;
    result = own;
  }
  return result;
}

function fromEnum(node: Node & { type: 'TSEnumDeclaration' }): CodeType {
  const of: CodeType[] = [];
  let next: number | undefined = 0;
  for (const each of node.body.members) {
    const literal = each.initializer === null ? undefined : literalValue(each.initializer);
    const value: Json | undefined = each.initializer === null ? next : literal?.value;
    if (typeof value !== 'string' && typeof value !== 'number') return undecided('an enum with computed members');
    of.push({ is: 'literal', value });
    next = typeof value === 'number' ? value + 1 : undefined;
  }
  return unionOf(of);
}
