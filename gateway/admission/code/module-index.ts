import type { Expression, ImportDeclaration, Node, Statement } from 'oxc-parser';
import type { ParsedModule } from './parse-source.ts';
import { declaringScope, identifiersOf, visitsOf, type Scope } from './scope.ts';
import { bare, keyName, memberName } from './syntax.ts';

/** Where an exported name leads. */
export type ExportTarget =
  | { readonly is: 'local'; readonly name: string; readonly typeOnly: boolean }
  | { readonly is: 'node'; readonly node: Node; readonly typeOnly: boolean }
  /** `name` is undefined for `export * as ns from`. */
  | { readonly is: 'from'; readonly specifier: string; readonly name: string | undefined; readonly typeOnly: boolean };

/** Names of one module: what it declares, imports, exports, and what is done to its bindings afterwards. */
export interface ModuleIndex {
  readonly module: ParsedModule;
  /** Top-level declarations; overloads and merged interfaces have several. */
  readonly declared: ReadonlyMap<string, readonly Node[]>;
  /** Local name to where it comes from; `name` is undefined for a namespace import. */
  readonly imported: ReadonlyMap<string, { readonly specifier: string; readonly name: string | undefined }>;
  readonly exported: ReadonlyMap<string, ExportTarget>;
  readonly stars: readonly string[];
  /** Top-level bindings that are assigned to after their declaration, and those whose object is changed. */
  readonly rebound: ReadonlySet<string>;
  readonly changed: ReadonlySet<string>;
  /** CommonJS that exports in a way that cannot be listed. */
  readonly open: boolean;
}

const indexes = new WeakMap<ParsedModule, ModuleIndex>();

export function indexOf(module: ParsedModule): ModuleIndex {
  let index = indexes.get(module);
  if (index === undefined) {
    index = new Indexer(module).index();
    indexes.set(module, index);
  }
  return index;
}

class Indexer {
  readonly #module: ParsedModule;
  readonly #declared = new Map<string, Node[]>();
  readonly #imported = new Map<string, { specifier: string; name: string | undefined }>();
  readonly #exported = new Map<string, ExportTarget>();
  readonly #stars: string[] = [];
  readonly #rebound = new Set<string>();
  readonly #changed = new Set<string>();
  #open = false;

  constructor(module: ParsedModule) {
    this.#module = module;
  }

  index(): ModuleIndex {
    for (const statement of this.#module.program.body) this.#statement(statement);
    for (const { node, scope } of visitsOf(this.#module.program)) this.#writes(node, scope);
    return {
      module: this.#module,
      declared: this.#declared,
      imported: this.#imported,
      exported: this.#exported,
      stars: this.#stars,
      rebound: this.#rebound,
      changed: this.#changed,
      open: this.#open,
    };
  }

  #statement(node: Statement): void {
    if (node.type === 'ImportDeclaration') this.#import(node);
    else if (node.type === 'ExportAllDeclaration') {
      const typeOnly = node.exportKind === 'type';
      if (node.exported === null) this.#stars.push(node.source.value);
      else
        this.#export(moduleName(node.exported), {
          is: 'from',
          specifier: node.source.value,
          name: undefined,
          typeOnly,
        });
    } else if (node.type === 'ExportDefaultDeclaration') {
      const { declaration } = node;
      const named = 'id' in declaration && declaration.id?.type === 'Identifier' ? declaration.id.name : undefined;
      if (named !== undefined && declaration.type.endsWith('Declaration')) {
        this.#declare(named, declaration);
        this.#export('default', { is: 'local', name: named, typeOnly: declaration.type === 'TSInterfaceDeclaration' });
      } else this.#export('default', { is: 'node', node: declaration, typeOnly: false });
    } else if (node.type === 'ExportNamedDeclaration') {
      if (node.declaration !== null) {
        for (const [name, typeOnly] of this.#declaration(node.declaration))
          this.#export(name, { is: 'local', name, typeOnly });
      }
      for (const each of node.specifiers) {
        const typeOnly = node.exportKind === 'type' || each.exportKind === 'type';
        const [local, name] = [moduleName(each.local), moduleName(each.exported)];
        this.#export(
          name,
          node.source === null
            ? { is: 'local', name: local, typeOnly }
            : { is: 'from', specifier: node.source.value, name: local, typeOnly },
        );
      }
    } else if (node.type === 'ExpressionStatement' && this.#module.commonjs) this.#commonjs(node.expression);
    else if (node.type === 'TSExportAssignment') this.#open = true;
    else this.#declaration(node);
  }

  #export(name: string, target: ExportTarget): void {
    const before = this.#exported.get(name);
    // `export type T` beside `export const T` is one name for a type and one for a value; the value counts.
    if (before === undefined || before.typeOnly || !target.typeOnly) this.#exported.set(name, target);
  }

  #declare(name: string, node: Node): void {
    const before = this.#declared.get(name);
    if (before === undefined) this.#declared.set(name, [node]);
    else before.push(node);
  }

  #import(node: ImportDeclaration): void {
    for (const each of node.specifiers) {
      const name =
        each.type === 'ImportNamespaceSpecifier'
          ? undefined
          : each.type === 'ImportSpecifier'
            ? moduleName(each.imported)
            : 'default';
      this.#imported.set(each.local.name, { specifier: node.source.value, name });
    }
  }

  /** Notes what a statement declares; answers the names, and whether each is a type alone. */
  #declaration(node: Node): [string, boolean][] {
    if (node.type === 'VariableDeclaration') {
      return node.declarations.flatMap((each) =>
        identifiersOf(each.id).map(({ name }): [string, boolean] => {
          this.#declare(name, each);
          kinds.set(each, node.kind);
          return [name, node.declare === true];
        }),
      );
    }
    const isDeclaration =
      /^(?:Function|Class|TSEnum|TSTypeAlias|TSInterface|TSModule)Declaration$|^TSDeclareFunction$|^TSImportEqualsDeclaration$/;
    if (!isDeclaration.test(node.type) || !('id' in node) || node.id?.type !== 'Identifier') return [];
    this.#declare(node.id.name, node);
    const isType = /^TS(?:TypeAlias|Interface)/.test(node.type) || ('declare' in node && node.declare);
    return [[node.id.name, isType && node.type !== 'TSDeclareFunction']];
  }

  /** `module.exports = { a, b }` and `exports.a = …`; anything else leaves the list open. */
  #commonjs(expression: Expression): void {
    if (expression.type !== 'AssignmentExpression' || expression.left.type !== 'MemberExpression') return;
    const { left, right } = expression;
    const object = bare(left.object);
    const member = memberName(left);
    const onModule = object.type === 'Identifier' && object.name === 'module' && member === 'exports';
    const onExports =
      (object.type === 'Identifier' && object.name === 'exports') ||
      (object.type === 'MemberExpression' &&
        memberName(object) === 'exports' &&
        bare(object.object).type === 'Identifier');
    if (onModule) {
      const value = bare(right);
      this.#export('default', { is: 'node', node: right, typeOnly: false });
      // What another module or a call returns may have any names; a function or a class is the default alone.
      if (value.type !== 'ObjectExpression') {
        this.#open ||= /^(?:CallExpression|AssignmentExpression|ConditionalExpression|LogicalExpression)$/.test(
          value.type,
        );
        return;
      }
      for (const each of value.properties) {
        const name = each.type === 'Property' ? keyName(each.key, each.computed) : undefined;
        if (name === undefined || each.type !== 'Property' || each.kind !== 'init') this.#open = true;
        else this.#export(name, { is: 'node', node: each.value, typeOnly: false });
      }
    } else if (onExports && member !== undefined) this.#export(member, { is: 'node', node: right, typeOnly: false });
  }

  #writes(node: Node, scope: Scope): void {
    if (node.type === 'AssignmentExpression') {
      for (const { name, node: target } of targetsOf(node.left)) this.#note(target, name, scope);
    } else if (node.type === 'UpdateExpression') this.#note(node.argument, undefined, scope);
    else if (node.type === 'UnaryExpression' && node.operator === 'delete') this.#note(node.argument, undefined, scope);
    else if (
      (node.type === 'ForInStatement' || node.type === 'ForOfStatement') &&
      node.left.type !== 'VariableDeclaration'
    ) {
      for (const { name, node: target } of targetsOf(node.left)) this.#note(target, name, scope);
    } else if (node.type === 'CallExpression') {
      const callee = bare(node.callee);
      const method = memberName(callee);
      if (callee.type !== 'MemberExpression' || method === undefined) return;
      const [first] = node.arguments;
      const receiver = bare(callee.object);
      if (receiver.type === 'Identifier' && /^(?:Object|Reflect)$/.test(receiver.name)) {
        const changes = /^(?:assign|defineProperty|defineProperties|setPrototypeOf|set|deleteProperty)$/.test(method);
        if (changes && first !== undefined && first.type !== 'SpreadElement') this.#change(first, scope);
      } else if (/^(?:push|pop|shift|unshift|splice|sort|reverse|fill|copyWithin|set|add|delete|clear)$/.test(method)) {
        this.#change(receiver, scope);
      }
    }
  }

  #note(target: Node, name: string | undefined, scope: Scope): void {
    const identifier = name ?? (target.type === 'Identifier' ? target.name : undefined);
    if (identifier === undefined) this.#change(target, scope);
    else if (this.#isTopLevel(identifier, scope)) this.#rebound.add(identifier);
  }

  #change(target: Node, scope: Scope): void {
    let node: Node = target;
    while (node.type === 'MemberExpression') node = bare(node.object);
    if (node.type === 'Identifier' && this.#isTopLevel(node.name, scope)) this.#changed.add(node.name);
  }

  #isTopLevel(name: string, scope: Scope): boolean {
    return declaringScope(scope, name)?.owner.type === 'Program';
  }
}

const kinds = new WeakMap<Node, string>();

/** `const`, `let`, `var` of a declarator that an index has seen. */
export function declarationKind(declarator: Node): string | undefined {
  return kinds.get(declarator);
}

function targetsOf(left: Node): { name: string | undefined; node: Node }[] {
  if (left.type === 'ObjectPattern' || left.type === 'ArrayPattern') return identifiersOf(left);
  return [{ name: undefined, node: left }];
}

function moduleName(name: Node): string {
  if (name.type === 'Literal') return String(name.value);
  return name.type === 'Identifier' ? name.name : '';
}
