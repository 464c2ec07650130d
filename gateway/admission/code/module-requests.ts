import type { Expression, ImportDeclaration, Node } from 'oxc-parser';
import type { ParsedModule } from './parse-source.ts';
import { declaringScope, visitsOf, type Visit } from './scope.ts';
import { bare, constantText, memberName } from './syntax.ts';

/** One place where a module asks for another. */
export interface ModuleRequest {
  /** Undefined: computed at run time. */
  readonly specifier: string | undefined;
  readonly kind: 'import' | 'require';
  readonly dynamic: boolean;
  /** Written as one literal; a sum of literals is known to us but still computed to a reader. */
  readonly literal: boolean;
  /** Inside `try`, where a failure to load may be wanted. */
  readonly guarded: boolean;
  /** Which exports are used; undefined when that cannot be said. */
  readonly members: readonly string[] | undefined;
  readonly offset: number;
}

/** Every request of a module for a value. `import type` and `export type` are erased and ask for nothing. */
export function moduleRequests(module: ParsedModule): ModuleRequest[] {
  const found: ModuleRequest[] = [];
  const namespaces = new Map<string, Set<string> | 'all'>();
  const imports = new Map<ModuleRequest, ImportDeclaration>();
  const uses: Visit[] = [];
  const add = (specifier: string, node: Node, members?: readonly string[]): ModuleRequest => {
    const request: ModuleRequest = {
      specifier,
      kind: 'import',
      dynamic: false,
      literal: true,
      guarded: false,
      members,
      offset: node.start,
    };
    found.push(request);
    return request;
  };
  for (const at of visitsOf(module.program)) {
    const { node } = at;
    if (node.type === 'ImportDeclaration' && node.importKind !== 'type') {
      imports.set(add(node.source.value, node), node);
      for (const each of node.specifiers) if (isWhole(each)) namespaces.set(each.local.name, new Set());
    } else if (node.type === 'ExportAllDeclaration' && node.exportKind !== 'type') add(node.source.value, node);
    else if (node.type === 'ExportNamedDeclaration' && node.source !== null && node.exportKind !== 'type') {
      add(
        node.source.value,
        node,
        node.specifiers.map((each) => exportName(each.local)),
      );
    } else if (node.type === 'TSImportEqualsDeclaration' && node.importKind !== 'type') {
      const { moduleReference: to } = node;
      if (to.type === 'TSExternalModuleReference') found.push(request(to.expression, at, 'require'));
    } else if (node.type === 'ImportExpression') found.push(request(node.source, at, 'import'));
    else if (node.type === 'Identifier') {
      if (node.name === 'require') found.push(...requireUse(at));
      else uses.push(at);
    }
  }
  for (const at of uses) noteUse(at, namespaces);
  for (const [request, source] of imports) {
    found[found.indexOf(request)] = { ...request, members: membersOf(source, namespaces) };
  }
  return found;
}

function request(source: Expression, at: Visit, kind: 'import' | 'require'): ModuleRequest {
  const inner = bare(source);
  const literal = inner.type === 'Literal' || (inner.type === 'TemplateLiteral' && inner.expressions.length === 0);
  const guarded = isGuarded(at);
  return {
    specifier: constantText(source),
    kind,
    dynamic: true,
    literal,
    guarded,
    members: undefined,
    offset: at.node.start,
  };
}

function isGuarded(at: Visit): boolean {
  for (let each: Visit | undefined = at; each?.parent !== undefined; each = each.parent) {
    if (each.parent.node.type === 'TryStatement' && each.parent.node.block === each.node) return true;
  }
  return false;
}

/** `require(x)`, and `require` handed on as a value, after which anything may be loaded. */
function requireUse(at: Visit): ModuleRequest[] {
  const parent = at.parent?.node;
  if (parent === undefined || declaringScope(at.scope, 'require') !== undefined || !isReference(at)) return [];
  if (parent.type === 'CallExpression' && parent.callee === at.node) {
    const [first] = parent.arguments;
    if (first === undefined || first.type === 'SpreadElement') return [computed(at)];
    const found = request(first, at, 'require');
    return [{ ...found, dynamic: found.specifier === undefined, offset: parent.start }];
  }
  const harmless = parent.type === 'UnaryExpression' && parent.operator === 'typeof';
  const member = parent.type === 'MemberExpression' && parent.object === at.node ? memberName(parent) : undefined;
  return harmless || member === 'resolve' || member === 'main' || member === 'cache' || member === 'extensions'
    ? []
    : [computed(at)];
}

function computed(at: Visit): ModuleRequest {
  const { start: offset } = at.node;
  return {
    specifier: undefined,
    kind: 'require',
    dynamic: true,
    literal: false,
    guarded: false,
    members: undefined,
    offset,
  };
}

/** Whether an identifier is used as a value, and not the name of a member, key or label. */
export function isReference(at: Visit): boolean {
  const parent = at.parent?.node;
  if (parent === undefined) return false;
  if (parent.type === 'MemberExpression') return parent.object === at.node || parent.computed;
  if (parent.type === 'Property') return parent.value === at.node || parent.computed;
  if (
    parent.type === 'MethodDefinition' ||
    parent.type === 'PropertyDefinition' ||
    parent.type === 'AccessorProperty'
  ) {
    return parent.computed || parent.value === at.node;
  }
  return !/^(?:Labeled|Break|Continue)|^MetaProperty$|^TS(?:Type|Qualified|Property|Method|Enum|Named|Interface|Index)|Specifier$/.test(
    parent.type,
  );
}

/** The default export of a builtin is the builtin itself, as its namespace is. */
function isWhole(each: ImportDeclaration['specifiers'][number]): boolean {
  return each.type !== 'ImportSpecifier' || exportName(each.imported) === 'default';
}

function noteUse(at: Visit, namespaces: Map<string, Set<string> | 'all'>): void {
  const { node } = at;
  if (node.type !== 'Identifier') return;
  const used = namespaces.get(node.name);
  if (used === undefined || used === 'all') return;
  const exported = at.parent?.node.type === 'ExportSpecifier' && at.parent.node.local === node;
  if (exported) namespaces.set(node.name, 'all');
  if (exported || !isReference(at)) return;
  if (declaringScope(at.scope, node.name)?.owner.type !== 'Program') return;
  const parent = at.parent?.node;
  const member = parent?.type === 'MemberExpression' && parent.object === node ? memberName(parent) : undefined;
  if (member === undefined) namespaces.set(node.name, 'all');
  else used.add(member);
}

function membersOf(
  node: ImportDeclaration,
  namespaces: ReadonlyMap<string, Set<string> | 'all'>,
): string[] | undefined {
  const members: string[] = [];
  for (const each of node.specifiers) {
    if (each.type === 'ImportSpecifier') {
      if (each.importKind === 'type') continue;
      if (!isWhole(each)) members.push(exportName(each.imported));
    }
    if (isWhole(each)) {
      const used = namespaces.get(each.local.name);
      if (used === undefined || used === 'all') return undefined;
      members.push(...used);
    }
  }
  return members;
}

function exportName(name: Node): string {
  if (name.type === 'Literal') return String(name.value);
  return name.type === 'Identifier' ? name.name : '';
}
