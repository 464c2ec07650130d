import type { Class, Expression, Node, Statement } from 'oxc-parser';
import type { ParsedModule, Place } from './parse-source.ts';
import { bare } from './syntax.ts';

export interface SideEffect {
  readonly what: string;
  /** A call of a function that nobody looked into may be harmless. */
  readonly confidence: 'proven' | 'heuristic';
  readonly place: Place;
}

/** Constructors and functions of the language that only make a value. */
const pureConstructors = new Set(
  (
    'Array ArrayBuffer BigInt64Array BigUint64Array DataView Date Error Float32Array Float64Array Int16Array Int32Array Int8Array ' +
    'Map Object RangeError RegExp Set String TextDecoder TextEncoder TypeError URL Uint16Array Uint32Array Uint8Array ' +
    'Uint8ClampedArray WeakMap WeakSet'
  ).split(' '),
);
const pureCalls = new Set(
  (
    'Object.freeze Object.keys Object.values Object.entries Object.fromEntries Object.create Object.seal Array.from Array.of ' +
    'Symbol Symbol.for String Number Boolean BigInt Number.parseInt Number.parseFloat parseInt parseFloat JSON.parse ' +
    'JSON.stringify Buffer.from Buffer.alloc Math.min Math.max Math.round Math.floor Math.ceil Math.abs Math.pow ' +
    'String.raw URL.canParse'
  ).split(' '),
);

/** Methods of values that change nothing; what they are given as a callback is judged as well. */
const pureMethods = new Set(
  (
    'at concat endsWith entries every filter find findIndex flat flatMap get has includes indexOf join keys map padEnd padStart ' +
    'reduce repeat replace replaceAll slice some split startsWith toLowerCase toReversed toSorted toString toUpperCase trim values with'
  ).split(' '),
);

/**
 * Top-level statements of a module that do something when it is loaded, beyond making its own values. Calls of
 * functions from modules that the gateway itself provides count as making a value: `isTrusted` says which local names
 * were imported from there.
 */
export function sideEffects(module: ParsedModule, isTrusted: (name: string) => boolean): SideEffect[] {
  const found: SideEffect[] = [];
  const judge = new Judge(isTrusted, (node, what, confidence) =>
    found.push({ what, confidence, place: module.place(node.start) }),
  );
  for (const statement of module.program.body) judge.statement(statement);
  return found;
}

type Report = (node: Node, what: string, confidence: 'proven' | 'heuristic') => void;

class Judge {
  readonly #isTrusted: (name: string) => boolean;
  readonly #report: Report;

  constructor(isTrusted: (name: string) => boolean, report: Report) {
    this.#isTrusted = isTrusted;
    this.#report = report;
  }

  statement(node: Statement): void {
    if (node.type === 'ExpressionStatement') {
      if (bare(node.expression).type === 'Literal') return;
      if (isCommonjsExport(node.expression)) this.expression(node.expression.right);
      else this.#effect(node.expression);
    } else if (node.type === 'VariableDeclaration') {
      for (const each of node.declarations) if (each.init !== null && node.declare !== true) this.expression(each.init);
      if (node.kind === 'using' || node.kind === 'await using')
        this.#report(node, 'a resource that is disposed of', 'proven');
    } else if (node.type === 'ClassDeclaration') this.#class(node);
    else if (node.type === 'ExportNamedDeclaration' && node.declaration !== null) this.statement(node.declaration);
    else if (node.type === 'ExportDefaultDeclaration') {
      if (node.declaration.type === 'ClassDeclaration') this.#class(node.declaration);
      else if (node.declaration.type !== 'FunctionDeclaration' && node.declaration.type !== 'TSInterfaceDeclaration') {
        this.expression(node.declaration);
      }
    } else if (!isDeclaration(node)) this.#report(node, `a ${words(node.type)} at top level`, 'proven');
  }

  /** An expression that stands alone is there for its effect, unless it only computes. */
  #effect(node: Expression): void {
    const inner = bare(node);
    if (inner.type === 'AssignmentExpression' || inner.type === 'UpdateExpression') {
      this.#report(inner, 'an assignment at top level', 'proven');
    } else this.expression(inner);
  }

  /** Reports the first effect inside an expression. */
  expression(node: Expression): boolean {
    const inner = bare(node);
    switch (inner.type) {
      case 'ClassExpression':
        return this.#class(inner);
      case 'ArrayExpression':
        return inner.elements.every(
          (each) => each === null || this.expression(each.type === 'SpreadElement' ? each.argument : each),
        );
      case 'ObjectExpression':
        return inner.properties.every((each) =>
          each.type === 'SpreadElement'
            ? this.expression(each.argument)
            : (!each.computed || this.expression(each.key as Expression)) && this.expression(each.value),
        );
      case 'TemplateLiteral':
        return inner.expressions.every((each) => this.expression(each));
      case 'BinaryExpression':
      case 'LogicalExpression':
        return this.expression(inner.left as Expression) && this.expression(inner.right);
      case 'ConditionalExpression':
        return [inner.test, inner.consequent, inner.alternate].every((each) => this.expression(each));
      case 'UnaryExpression':
        return inner.operator === 'delete'
          ? this.#fails(inner, 'a delete at top level')
          : this.expression(inner.argument);
      case 'MemberExpression':
        return this.expression(inner.object) && (!inner.computed || this.expression(inner.property));
      case 'CallExpression':
      case 'NewExpression':
        return this.#call(inner);
      case 'AwaitExpression':
        return this.#fails(inner, 'an await at top level');
      case 'ImportExpression':
        return this.#fails(inner, 'a dynamic import at top level');
      case 'AssignmentExpression':
      case 'UpdateExpression':
        return this.#fails(inner, 'an assignment at top level');
      case 'SequenceExpression':
        return inner.expressions.every((each) => this.expression(each));
      case 'TaggedTemplateExpression':
        return this.#fails(inner, 'a call at top level', 'heuristic');
      default:
        return true;
    }
  }

  #call(node: Expression & { type: 'CallExpression' | 'NewExpression' }): boolean {
    const callee = bare(node.callee);
    const path = pathOf(callee);
    const root = path.split('.')[0]!;
    const makesValue =
      node.type === 'NewExpression' ? pureConstructors.has(path) : pureCalls.has(path) || path === 'require';
    const method = callee.type === 'MemberExpression' && pureMethods.has(path.slice(path.lastIndexOf('.') + 1));
    const known = makesValue || this.#isTrusted(root) || (node.type === 'CallExpression' && method);
    if (!known) return this.#fails(node, `a call of ${path} at top level`, 'heuristic');
    const chain = callee.type !== 'MemberExpression' || this.expression(callee.object);
    // What is handed to a trusted function is its business; the language's own functions call a callback at once.
    const callsBack = !this.#isTrusted(root);
    return (
      chain &&
      node.arguments.every((each) => {
        const value = each.type === 'SpreadElement' ? each.argument : each;
        return callsBack ? this.#argument(value) : this.expression(value);
      })
    );
  }

  #argument(node: Expression): boolean {
    const inner = bare(node);
    if (inner.type !== 'ArrowFunctionExpression' && inner.type !== 'FunctionExpression') return this.expression(inner);
    if (inner.body === null) return true;
    if (inner.body.type !== 'BlockStatement') return this.expression(inner.body);
    return inner.body.body.every((each) => {
      if (each.type === 'ReturnStatement') return each.argument === null || this.expression(each.argument);
      if (each.type !== 'VariableDeclaration')
        return this.#fails(each, `a ${words(each.type)} in a callback`, 'heuristic');
      return each.declarations.every(({ init }) => init === null || this.expression(init));
    });
  }

  #class(node: Class): boolean {
    const parent = node.superClass === null || this.expression(node.superClass);
    const decorated = node.decorators.length > 0 && this.#fails(node, 'a decorator', 'heuristic');
    return (
      node.body.body.every((each) => {
        if (each.type === 'StaticBlock') return each.body.length === 0 || this.#fails(each, 'a static block');
        if (each.type === 'TSIndexSignature') return true;
        const key = !each.computed || this.expression(each.key as Expression);
        const isStaticField = each.type === 'PropertyDefinition' && each.static && each.value !== null;
        return key && (!isStaticField || each.value === null || this.expression(each.value));
      }) &&
      parent &&
      !decorated
    );
  }

  #fails(node: Node, what: string, confidence: 'proven' | 'heuristic' = 'proven'): false {
    this.#report(node, what, confidence);
    return false;
  }
}

/** `module.exports = …` and `exports.x = …` are how CommonJS declares. */
function isCommonjsExport(node: Expression): node is Expression & { type: 'AssignmentExpression' } {
  return node.type === 'AssignmentExpression' && /^(?:module\.exports|exports)(?:\.|$)/.test(pathOf(node.left));
}

function isDeclaration(node: Statement): boolean {
  return /^(?:Import|Export|TS|Function|Class|Empty)/.test(node.type) && node.type !== 'TSExportAssignment';
}

/** `a.b.c`, or the chain's root with a question mark for what is computed. Calls in the chain are looked through. */
export function pathOf(expression: Node): string {
  const parts: string[] = [];
  let node: Node = expression;
  for (let depth = 0; depth < 64; depth++) {
    if (node.type === 'CallExpression') node = bare(node.callee);
    else if (node.type === 'MemberExpression') {
      parts.unshift(!node.computed && node.property.type === 'Identifier' ? node.property.name : '?');
      node = bare(node.object);
    } else break;
  }
  return [node.type === 'Identifier' ? node.name : '(…)', ...parts].join('.');
}

function words(type: string): string {
  return type.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}
