import type {
  Expression,
  Function as FunctionNode,
  ArrowFunctionExpression,
  Node,
  ParamPattern,
  TSTypeAnnotation,
} from 'oxc-parser';
import { typeOf, type Callable, type TypeScope } from './annotation-type.ts';
import { undecided, unionOf, type CodeType, type Parameter, type Signature } from './code-type.ts';
import { literalValue } from './literal-value.ts';
import type { ModuleStore } from './module-store.ts';
import type { ParsedModule } from './parse-source.ts';
import { isFunction } from './scope.ts';
import { walk } from './syntax.ts';

export interface FunctionShape {
  /** One, or several for overloads; each is a promise to callers. */
  readonly signatures: readonly Signature[];
  /** By keyword. Undefined for a declaration without a body. */
  readonly async: boolean | undefined;
  readonly generator: boolean | undefined;
  /** Parameters of the implementation before the first default or rest. Undefined for a declaration without a body. */
  readonly length: number | undefined;
}

/** For the types of one module; the budget is for one conversion, so take a new scope for each declaration. */
export function typeScope(store: ModuleStore, module: ParsedModule): TypeScope {
  return { store, module, bound: new Map(), open: new Set(), budget: { left: 4000 }, signatureOf };
}

/** The signature that a function, method or function type declares. */
export function signatureOf(node: Callable, outer: TypeScope): Signature {
  const bound = new Map(outer.bound);
  for (const name of node.typeParameters?.params ?? []) bound.set(name.name.name, undecided('a type parameter'));
  const scope = { ...outer, bound };
  const annotation = node.returnType?.typeAnnotation;
  return {
    params: parametersOf(node.params, scope),
    returns: annotation === undefined ? inferredResult(node) : typeOf(annotation, scope),
  };
}

/** Overloads come first and the implementation last; the implementation is no promise when overloads are there. */
export function functionShape(
  nodes: readonly (FunctionNode | ArrowFunctionExpression)[],
  scope: TypeScope,
): FunctionShape {
  const body = nodes.findLast((node) => node.body !== null);
  const overloads = nodes.filter((node) => node.body === null);
  const promised = overloads.length > 0 ? overloads : nodes.slice(-1);
  return {
    signatures: promised.map((node) => signatureOf(node, scope)),
    async: body?.async,
    generator: body?.generator,
    length: body && lengthOf(body.params),
  };
}

function lengthOf(params: readonly ParamPattern[]): number {
  const own = params[0]?.type === 'Identifier' && params[0].name === 'this' ? params.slice(1) : params;
  const end = own.findIndex((one) => {
    const { type } = one.type === 'TSParameterProperty' ? one.parameter : one;
    return type === 'AssignmentPattern' || one.type === 'RestElement';
  });
  return end < 0 ? own.length : end;
}

function parametersOf(params: readonly ParamPattern[], scope: TypeScope): Parameter[] {
  const found: Parameter[] = [];
  for (const [i, param] of params.entries()) {
    if (i === 0 && param.type === 'Identifier' && param.name === 'this') continue;
    found.push(parameter(param.type === 'TSParameterProperty' ? param.parameter : param, scope, i));
  }
  return found;
}

function parameter(param: Node, scope: TypeScope, position: number): Parameter {
  if (param.type === 'RestElement') {
    const annotated = annotationOf(param) ?? annotationOf(param.argument);
    const type = annotated === undefined ? undecided('no annotation') : typeOf(annotated.typeAnnotation, scope);
    const element = type.is === 'array' ? type.of : undecided('a rest parameter that is no array');
    return { name: nameOf(param.argument, position), type: element, optional: true, rest: true, hasDefault: false };
  }
  const target = param.type === 'AssignmentPattern' ? param.left : param;
  const hasDefault = param.type === 'AssignmentPattern';
  const annotated = annotationOf(target);
  const own = annotated === undefined ? undecided('no annotation') : typeOf(annotated.typeAnnotation, scope);
  const optional = hasDefault || ('optional' in target && target.optional === true);
  const base = { name: nameOf(target, position), type: own, optional, rest: false, hasDefault };
  // `= undefined` is what a parameter has anyway.
  if (param.type !== 'AssignmentPattern' || (param.right.type === 'Identifier' && param.right.name === 'undefined'))
    return base;
  return { ...base, default: { value: literalValue(param.right)?.value } };
}

/** A parameter as callers see it: what may be left out may be undefined. */
export function acceptedType({ type, optional, rest }: Parameter): CodeType {
  if (!optional || rest || type.is === 'any' || type.is === 'undecided') return type;
  return unionOf([type, { is: 'undefined' }]);
}

function annotationOf(node: Node): TSTypeAnnotation | undefined {
  return 'typeAnnotation' in node && node.typeAnnotation?.type === 'TSTypeAnnotation' ? node.typeAnnotation : undefined;
}

function nameOf(node: Node, position: number): string {
  return node.type === 'Identifier' ? node.name : `{${position}}`;
}

/** Without an annotation one thing is certain: a body that never returns a value gives undefined. */
function inferredResult(node: Callable): CodeType {
  if (!('body' in node) || !isFunction(node as unknown as Node)) return undecided('no annotation');
  const { body, async, generator } = node as unknown as FunctionNode;
  if (body === null || body.type !== 'BlockStatement' || generator) return undecided('no annotation');
  let returns = false;
  walk(body, (each) => {
    if (each.type === 'ReturnStatement' && each.argument !== null && !isUndefined(each.argument)) returns = true;
    return !isFunction(each);
  });
  if (returns) return undecided('no annotation');
  return async ? { is: 'promise', of: { is: 'void' } } : { is: 'void' };
}

function isUndefined(node: Expression): boolean {
  return (
    (node.type === 'Identifier' && node.name === 'undefined') ||
    (node.type === 'UnaryExpression' && node.operator === 'void')
  );
}
