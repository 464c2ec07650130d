import { visitorKeys } from 'oxc-parser';
import type { Expression, Node } from 'oxc-parser';

/** The nodes directly below a node, in the order of the source. */
export function childrenOf(node: Node): Node[] {
  const found: Node[] = [];
  const fields = node as unknown as Record<string, unknown>;
  for (const key of visitorKeys[node.type] ?? []) {
    const value = fields[key];
    if (value === null || value === undefined) continue;
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) found.push(item);
    } else if (isNode(value)) found.push(value);
  }
  return found;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

/**
 * Visits a tree from the outside in, without recursion: the depth of hostile code is no depth of our stack. A visitor
 * that answers `false` keeps the walk out of that node.
 */
export function walk(root: Node, visit: (node: Node) => boolean | void): void {
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (visit(node) === false) continue;
    const below = childrenOf(node);
    for (let i = below.length - 1; i >= 0; i--) stack.push(below[i]!);
  }
}

/** An expression without what has no meaning at run time: parentheses, `as`, `satisfies`, `!`, `<T>x`. */
export function bare(node: Expression): Expression {
  let inner = node;
  for (;;) {
    if (
      inner.type === 'ParenthesizedExpression' ||
      inner.type === 'TSAsExpression' ||
      inner.type === 'TSSatisfiesExpression' ||
      inner.type === 'TSNonNullExpression' ||
      inner.type === 'TSTypeAssertion' ||
      inner.type === 'TSInstantiationExpression'
    ) {
      inner = inner.expression;
    } else if (inner.type === 'ChainExpression') inner = inner.expression;
    else return inner;
  }
}

/** The text that an expression always has: literals, templates without holes, and sums of these. */
export function constantText(node: Expression): string | undefined {
  const inner = bare(node);
  if (inner.type === 'Literal' && typeof inner.value === 'string') return inner.value;
  if (inner.type === 'TemplateLiteral' && inner.expressions.length === 0)
    return inner.quasis[0]?.value.cooked ?? undefined;
  if (inner.type !== 'BinaryExpression' || inner.operator !== '+') return undefined;
  const left = constantText(inner.left);
  const right = left === undefined ? undefined : constantText(inner.right);
  return right === undefined ? undefined : `${left}${right}`;
}

/** The member that `a.b`, `a['b']` or `a['b' + 'c']` names; undefined when it is computed. */
export function memberName(node: Node): string | undefined {
  if (node.type !== 'MemberExpression') return undefined;
  if (node.computed) return constantText(node.property);
  return node.property.type === 'Identifier' ? node.property.name : undefined;
}

/** Name of a property or class member, undefined when it is computed or private. */
export function keyName(key: Node, computed: boolean): string | undefined {
  if (key.type === 'Literal') return String(key.value);
  if (computed) return constantText(key as Expression);
  return key.type === 'Identifier' ? key.name : undefined;
}
