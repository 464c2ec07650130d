import type { Expression, Node } from 'oxc-parser';
import type { Json } from '../../../contracts/plugin.ts';
import { bare, keyName } from './syntax.ts';

const maxNodes = 20_000;

/** The JSON value that an expression certainly has; undefined when it is computed or no JSON. */
export function literalValue(node: Node): { readonly value: Json } | undefined {
  const budget = { left: maxNodes };
  const value = evaluate(node, budget, 0);
  return value === undefined || budget.left < 0 ? undefined : { value };
}

function evaluate(node: Node, budget: { left: number }, depth: number): Json | undefined {
  if (budget.left-- < 0 || depth > 64) return undefined;
  const inner = bare(node as Expression);
  if (inner.type === 'Literal') {
    const { value } = inner;
    return value === null && 'regex' in inner ? undefined : isJson(value) ? value : undefined;
  }
  if (inner.type === 'TemplateLiteral' && inner.expressions.length === 0)
    return inner.quasis[0]?.value.cooked ?? undefined;
  if (inner.type === 'UnaryExpression') return unary(inner.operator, evaluate(inner.argument, budget, depth + 1));
  if (inner.type === 'ArrayExpression') {
    const items: Json[] = [];
    for (const each of inner.elements) {
      const value = each === null || each.type === 'SpreadElement' ? undefined : evaluate(each, budget, depth + 1);
      if (value === undefined) return undefined;
      items.push(value);
    }
    return items;
  }
  if (inner.type === 'ObjectExpression') {
    const entries: [string, Json][] = [];
    for (const each of inner.properties) {
      const key = each.type === 'Property' && each.kind === 'init' ? keyName(each.key, each.computed) : undefined;
      // `__proto__: x` sets the prototype and is no property.
      const value =
        each.type !== 'Property' || key === '__proto__' ? undefined : evaluate(each.value, budget, depth + 1);
      if (key === undefined || value === undefined) return undefined;
      entries.push([key, value]);
    }
    return Object.fromEntries(entries);
  }
  if (inner.type === 'CallExpression' && inner.arguments.length === 1 && isFreeze(inner.callee)) {
    return evaluate(inner.arguments[0]!, budget, depth + 1);
  }
  return undefined;
}

function isJson(value: unknown): value is null | boolean | number | string {
  return value === null || ['boolean', 'number', 'string'].includes(typeof value);
}

function unary(operator: string, value: Json | undefined): Json | undefined {
  if (operator === '-' && typeof value === 'number') return -value;
  if (operator === '+' && typeof value === 'number') return value;
  if (operator === '!' && typeof value === 'boolean') return !value;
  return undefined;
}

function isFreeze(callee: Expression): boolean {
  const inner = bare(callee);
  if (inner.type !== 'MemberExpression' || inner.computed || inner.object.type !== 'Identifier') return false;
  return inner.object.name === 'Object' && inner.property.type === 'Identifier' && inner.property.name === 'freeze';
}

/** Whether two JSON values are the same, whatever the order of keys. */
export function sameJson(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return (
    left.length === right.size &&
    left.every(([key, value]) => right.has(key) && sameJson(value, right.get(key) as Json))
  );
}
