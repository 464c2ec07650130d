import type { Expression, Node } from 'oxc-parser';
import { builtinEscapes, definers, evaluators, globalNames, globalObjects, processEscapes } from './authority-table.ts';
import type { Authority } from './authority-table.ts';
import { isReference } from './module-requests.ts';
import type { ParsedModule, Place } from './parse-source.ts';
import { canonicalBuiltin } from './resolve-specifier.ts';
import { declaringScope, visitsOf, type Scope, type Visit } from './scope.ts';
import { bare, constantText, memberName } from './syntax.ts';

export interface AuthorityUse {
  readonly authority: Authority;
  /** What was found, in words: `eval`, `process.binding`, `a computed member of globalThis`. */
  readonly what: string;
  /** For `processObject`: the member. */
  readonly member?: string | undefined;
  readonly confidence: 'proven' | 'heuristic';
  readonly place: Place;
}

/**
 * Patterns of hidden authority in one module. A dynamic language cannot be scanned soundly: what is not found here is
 * stopped by the load hooks, by functions removed before loading, and by the walls of the cell.
 */
export function scanAuthority(module: ParsedModule): AuthorityUse[] {
  const scan = new Scan(module);
  const visits = visitsOf(module.program);
  for (const at of visits) scan.collectAliases(at);
  for (const at of visits) scan.visit(at);
  return scan.found;
}

/** What an expression stands for among the objects that matter. */
type Root =
  | { readonly is: 'global' | 'process' | 'reflect' | 'module' }
  | { readonly is: 'intrinsic'; readonly name: string };

class Scan {
  readonly found: AuthorityUse[] = [];
  readonly #module: ParsedModule;
  /** `const p = process`, by declaring node and name. */
  readonly #aliases = new Map<Node, Root>();

  constructor(module: ParsedModule) {
    this.#module = module;
  }

  collectAliases({ node, scope }: Visit): void {
    if (node.type === 'VariableDeclarator' && node.init !== null && node.id.type === 'Identifier') {
      const root = this.#rootOf(node.init, scope);
      if (root !== undefined) this.#aliases.set(node, root);
    } else if (node.type === 'ImportDeclaration' && canonicalBuiltin(node.source.value) === 'node:process') {
      for (const each of node.specifiers)
        if (each.type !== 'ImportSpecifier') this.#aliases.set(each, { is: 'process' });
    }
  }

  visit(at: Visit): void {
    const { node } = at;
    if (node.type === 'Identifier') this.#identifier(at, node.name);
    else if (node.type === 'MemberExpression') this.#member(at);
    else if (node.type === 'ImportDeclaration' && node.importKind !== 'type') this.#import(node);
    else if (node.type === 'VariableDeclarator' && node.init !== null) this.#destructured(node.id, node.init, at);
    else if (node.type === 'AssignmentExpression') this.#written(node.left, at);
    else if (node.type === 'UpdateExpression') this.#written(node.argument, at);
    else if (node.type === 'UnaryExpression' && node.operator === 'delete') this.#written(node.argument, at);
    else if (node.type === 'CallExpression') this.#call(at, node.callee, node.arguments);
  }

  #add(authority: Authority, what: string, node: Node, more: Partial<AuthorityUse> = {}): void {
    this.found.push({ authority, what, confidence: 'proven', place: this.#module.place(node.start), ...more });
  }

  #isGlobal(name: string, scope: Scope): boolean {
    return declaringScope(scope, name) === undefined;
  }

  /** The object that an expression certainly is: a global, or an alias of one. */
  #rootOf(expression: Expression, scope: Scope): Root | undefined {
    const node = bare(expression);
    if (node.type === 'Identifier') {
      const owner = declaringScope(scope, node.name);
      if (owner !== undefined) return this.#aliases.get(owner.names.get(node.name)!);
      if (globalObjects.has(node.name)) return { is: 'global' };
      if (node.name === 'process') return { is: 'process' };
      if (node.name === 'Reflect') return { is: 'reflect' };
      if (node.name === 'module') return { is: 'module' };
      return globalNames.has(node.name) ? { is: 'intrinsic', name: node.name } : undefined;
    }
    if (node.type !== 'MemberExpression') return undefined;
    const object = this.#rootOf(node.object, scope);
    const name = memberName(node);
    if (object?.is === 'global' && name !== undefined) {
      if (globalObjects.has(name)) return { is: 'global' };
      return name === 'process' ? { is: 'process' } : { is: 'intrinsic', name };
    }
    return object?.is === 'intrinsic' && name === 'prototype'
      ? { is: 'intrinsic', name: `${object.name}.prototype` }
      : undefined;
  }

  #identifier(at: Visit, name: string): void {
    if (!isReference(at) || !this.#isGlobal(name, at.scope)) return;
    const parent = at.parent?.node;
    if (evaluators.has(name)) {
      if (parent?.type === 'BinaryExpression' && parent.operator === 'instanceof') return;
      if (parent?.type === 'UnaryExpression' && parent.operator === 'typeof') return;
      if (
        name === 'Function' &&
        parent?.type === 'MemberExpression' &&
        parent.object === at.node &&
        /^(?:prototype|name|length)$/.test(memberName(parent) ?? '')
      )
        return;
      const used = (parent?.type === 'CallExpression' || parent?.type === 'NewExpression') && parent.callee === at.node;
      this.#add('eval', name, at.node, { confidence: used ? 'proven' : 'heuristic' });
    } else if (name === 'WebAssembly') this.#add('wasm', name, at.node);
  }

  #member(at: Visit): void {
    const { node, scope } = at;
    if (node.type !== 'MemberExpression') return;
    const root = this.#rootOf(node.object, scope);
    const name = memberName(node);
    if (name === 'constructor') this.#constructorOf(at, node.object);
    if (root?.is === 'process') {
      if (name === undefined) this.#add('escape', 'a computed member of process', node, { confidence: 'heuristic' });
      else this.#processMember(name, node);
    } else if (root?.is === 'global') {
      if (name === undefined) this.#add('eval', 'a computed member of globalThis', node, { confidence: 'heuristic' });
      else if (evaluators.has(name)) this.#add('eval', `globalThis.${name}`, node);
      else if (name === 'WebAssembly') this.#add('wasm', 'globalThis.WebAssembly', node);
    } else if (root?.is === 'module' && this.#module.commonjs && (name === 'constructor' || name === '_load')) {
      this.#add('escape', `module.${name}`, node);
    }
  }

  #processMember(member: string, node: Node): void {
    if (processEscapes.has(member)) this.#add('escape', `process.${member}`, node);
    else this.#add('processObject', `process.${member}`, node, { member });
  }

  /** `x.constructor.constructor` and `(() => {}).constructor` are `Function` by another name. */
  #constructorOf(at: Visit, object: Expression): void {
    const inner = bare(object);
    const twice = inner.type === 'MemberExpression' && memberName(inner) === 'constructor';
    const ofFunction =
      inner.type === 'FunctionExpression' ||
      inner.type === 'ArrowFunctionExpression' ||
      (inner.type === 'CallExpression' && /^(?:Object|Reflect)\.getPrototypeOf$/.test(this.#pathOf(inner.callee)));
    const outer = at.parent?.node;
    const called = (outer?.type === 'CallExpression' || outer?.type === 'NewExpression') && outer.callee === at.node;
    const fromText =
      called && outer.arguments.some((each) => each.type !== 'SpreadElement' && constantText(each) !== undefined);
    if (twice || ofFunction)
      this.#add('eval', twice ? '.constructor.constructor' : 'the constructor of a function', at.node);
    else if (fromText && outer.type === 'CallExpression')
      this.#add('eval', '.constructor("…")', at.node, { confidence: 'heuristic' });
  }

  #import(node: Node): void {
    if (node.type !== 'ImportDeclaration') return;
    const name = canonicalBuiltin(node.source.value);
    const rule = name === undefined ? undefined : builtinEscapes.get(name);
    for (const each of node.specifiers) {
      if (each.type === 'ImportSpecifier' && each.importKind === 'type') continue;
      const imported =
        each.type !== 'ImportSpecifier'
          ? '*'
          : each.imported.type === 'Literal'
            ? each.imported.value
            : each.imported.name;
      if (name === 'node:process' && imported !== '*' && imported !== 'default') this.#processMember(imported, each);
      if (rule === undefined || (rule.safe !== 'none' && rule.safe.has(imported))) continue;
      this.#add(rule.authority, imported === '*' ? String(name) : `${imported} of ${name}`, each);
    }
  }

  /** `const { binding } = process`, `const { eval: run } = globalThis`. */
  #destructured(pattern: Node, init: Expression, at: Visit): void {
    const root = this.#rootOf(init, at.scope);
    if (pattern.type !== 'ObjectPattern' || (root?.is !== 'process' && root?.is !== 'global')) return;
    for (const each of pattern.properties) {
      if (each.type === 'RestElement') {
        this.#add('escape', `all members of ${root.is === 'global' ? 'globalThis' : 'process'}`, each, {
          confidence: 'heuristic',
        });
        continue;
      }
      const name =
        each.key.type === 'Identifier' && !each.computed ? each.key.name : constantText(each.key as Expression);
      if (name === undefined) this.#add('escape', 'a computed member', each, { confidence: 'heuristic' });
      else if (root.is === 'process') this.#processMember(name, each);
      else if (evaluators.has(name)) this.#add('eval', `globalThis.${name}`, each);
    }
  }

  #written(target: Node, at: Visit): void {
    if (target.type === 'Identifier') {
      if (
        this.#isGlobal(target.name, at.scope) &&
        !(this.#module.commonjs && /^(?:exports|module)$/.test(target.name))
      ) {
        this.#add('globalWrites', `the global ${target.name}`, target);
      }
      return;
    }
    if (target.type !== 'MemberExpression') return;
    const name = memberName(target);
    const inner = bare(target.object);
    const throughProto = inner.type === 'MemberExpression' && /^__proto__$/.test(memberName(inner) ?? '');
    if (name === '__proto__' || throughProto)
      this.#add('globalWrites', 'a prototype', target, { confidence: 'heuristic' });
    else if (this.#isSharedObject(target.object, at.scope))
      this.#add('globalWrites', `a member of ${this.#pathOf(target.object)}`, target);
  }

  #isSharedObject(object: Expression, scope: Scope): boolean {
    const root = this.#rootOf(object, scope);
    return root?.is === 'global' || root?.is === 'intrinsic' || root?.is === 'reflect';
  }

  #call(at: Visit, callee: Expression, args: readonly Node[]): void {
    const path = this.#pathOf(callee);
    const [first] = args;
    if (first === undefined || first.type === 'SpreadElement') return;
    const value = first as Expression;
    if (definers.has(path) && this.#isGlobal(path.split('.')[0]!, at.scope) && this.#isSharedObject(value, at.scope)) {
      this.#add('globalWrites', `${path}(${this.#pathOf(value)})`, at.node);
    } else if (
      /^(?:setTimeout|setInterval|setImmediate)$/.test(path) &&
      this.#isGlobal(path, at.scope) &&
      constantText(value) !== undefined
    ) {
      this.#add('eval', `${path} with text`, at.node);
    } else if (path === 'Reflect.get' && this.#isGlobal('Reflect', at.scope)) this.#reflected(at, value, args[1]);
  }

  /** `Reflect.get(process, 'binding')` reads as `process.binding`. */
  #reflected(at: Visit, object: Expression, key: Node | undefined): void {
    const root = this.#rootOf(object, at.scope);
    if (root?.is !== 'process' && root?.is !== 'global') return;
    const name = key === undefined || key.type === 'SpreadElement' ? undefined : constantText(key as Expression);
    if (name === undefined) this.#add('escape', 'a computed Reflect.get', at.node, { confidence: 'heuristic' });
    else if (root.is === 'process') this.#processMember(name, at.node);
    else if (evaluators.has(name)) this.#add('eval', `globalThis.${name}`, at.node);
  }

  /** `a.b.c` as text, as far as it is constant. */
  #pathOf(expression: Node): string {
    const parts: string[] = [];
    let node: Node = expression;
    for (let depth = 0; node.type === 'MemberExpression' && depth < 16; depth++) {
      parts.unshift(memberName(node) ?? '?');
      node = bare(node.object);
    }
    parts.unshift(node.type === 'Identifier' ? node.name : '?');
    return parts.join('.');
  }
}
