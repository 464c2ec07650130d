import type { BindingPattern, Node, Program } from 'oxc-parser';
import { childrenOf } from './syntax.ts';

/** A region of names. `names` maps each name to the node that declares it. */
export interface Scope {
  readonly owner: Node;
  readonly names: ReadonlyMap<string, Node>;
  readonly parent: Scope | undefined;
}

export interface Visit {
  readonly node: Node;
  readonly parent: Visit | undefined;
  readonly scope: Scope;
}

/** The scope in which a name is declared, or undefined for a global. */
export function declaringScope(scope: Scope, name: string): Scope | undefined {
  for (let each: Scope | undefined = scope; each !== undefined; each = each.parent)
    if (each.names.has(name)) return each;
  return undefined;
}

const walked = new WeakMap<Program, readonly Visit[]>();

/**
 * Every node of a module in the order of the source, with the names that are visible there. Types are left out: they
 * are gone when the code runs. Kept per module, because several checks look at it.
 */
export function visitsOf(program: Program): readonly Visit[] {
  let visits = walked.get(program);
  if (visits === undefined) {
    visits = walkScoped(program);
    walked.set(program, visits);
  }
  return visits;
}

const typeNodes = new Set([
  'TSTypeAnnotation',
  'TSTypeAliasDeclaration',
  'TSInterfaceDeclaration',
  'TSTypeParameterInstantiation',
  'TSTypeParameterDeclaration',
]);

function walkScoped(program: Program): Visit[] {
  const visits: Visit[] = [];
  const root: Scope = { owner: program, names: namesOf(program), parent: undefined };
  const stack: Visit[] = [{ node: program, parent: undefined, scope: root }];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    visits.push(at);
    if (typeNodes.has(at.node.type)) continue;
    const below = childrenOf(at.node);
    for (let i = below.length - 1; i >= 0; i--) {
      const node = below[i]!;
      const names = opensScope(node) ? namesOf(node) : undefined;
      const scope = names === undefined || names.size === 0 ? at.scope : { owner: node, names, parent: at.scope };
      stack.push({ node, parent: at, scope });
    }
  }
  return visits;
}

export function isFunction(node: Node): boolean {
  return (
    node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression'
  );
}

const scopeOwners = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'BlockStatement',
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'SwitchStatement',
  'CatchClause',
  'ClassExpression',
  'StaticBlock',
]);

function opensScope(node: Node): boolean {
  return scopeOwners.has(node.type);
}

/** Names that a node declares for what is inside it; `var` and functions are hoisted to the function or module. */
function namesOf(owner: Node): Map<string, Node> {
  const names = new Map<string, Node>();
  const add = (name: string, node: Node): void => void names.set(name, node);
  if ('params' in owner && isFunction(owner)) {
    for (const param of owner.params as Node[]) for (const id of identifiersOf(param)) add(id.name, param);
    if (owner.type === 'FunctionExpression' && owner.id !== null) add(owner.id.name, owner);
    add('arguments', owner);
  }
  if (owner.type === 'ClassExpression' && owner.id !== null) add(owner.id.name, owner);
  if (owner.type === 'CatchClause' && owner.param !== null)
    for (const id of identifiersOf(owner.param)) add(id.name, owner);
  const hoists = isFunction(owner) || owner.type === 'Program' || owner.type === 'StaticBlock';
  const stack = childrenOf(owner).map((node) => ({ node, direct: true }));
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const { node, direct } = at;
    declare(node, direct, hoists, add);
    if (isFunction(node) || node.type === 'ClassDeclaration' || node.type === 'ClassExpression') continue;
    if (!isStatement(node)) continue;
    const transparent =
      node.type.startsWith('Export') || (isFunction(owner) && node.type === 'BlockStatement' && direct);
    if (!hoists && !transparent && node.type !== 'SwitchCase') continue;
    for (const child of childrenOf(node))
      stack.push({ node: child, direct: direct && (transparent || node.type === 'SwitchCase') });
  }
  return names;
}

function isStatement(node: Node): boolean {
  return /Statement$|^Export|^SwitchCase$|^CatchClause$/.test(node.type) && node.type !== 'ExpressionStatement';
}

function declare(node: Node, direct: boolean, hoists: boolean, add: (name: string, node: Node) => void): void {
  if (node.type === 'VariableDeclaration') {
    if (!direct && !(hoists && node.kind === 'var')) return;
    for (const each of node.declarations) for (const id of identifiersOf(each.id)) add(id.name, each);
  } else if (node.type === 'FunctionDeclaration' || node.type === 'TSDeclareFunction') {
    if (node.id !== null && (direct || hoists)) add(node.id.name, node);
  } else if (
    node.type === 'ClassDeclaration' ||
    node.type === 'TSEnumDeclaration' ||
    node.type === 'TSImportEqualsDeclaration'
  ) {
    if (direct && node.id !== null) add(node.id.name, node);
  } else if (node.type === 'TSModuleDeclaration') {
    if (direct && node.id.type === 'Identifier') add(node.id.name, node);
  } else if (node.type === 'ImportDeclaration') {
    for (const each of node.specifiers) add(each.local.name, each);
  }
}

/** Every identifier that a pattern binds. */
export function identifiersOf(pattern: BindingPattern | Node): { name: string; node: Node }[] {
  const found: { name: string; node: Node }[] = [];
  const stack: Node[] = [pattern];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node.type === 'Identifier') found.push({ name: node.name, node });
    else if (node.type === 'AssignmentPattern') stack.push(node.left);
    else if (node.type === 'RestElement') stack.push(node.argument);
    else if (node.type === 'TSParameterProperty') stack.push(node.parameter);
    else if (node.type === 'ArrayPattern') {
      for (const each of node.elements) if (each !== null) stack.push(each);
    } else if (node.type === 'ObjectPattern') {
      for (const each of node.properties) stack.push(each.type === 'RestElement' ? each.argument : each.value);
    }
  }
  return found;
}
