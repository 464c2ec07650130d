import type { Expression, Function as FunctionNode } from 'oxc-parser';
import type { MemberShape } from './class-shape.ts';
import type { TypeScope } from './annotation-type.ts';
import { signatureOf } from './function-shape.ts';
import type { ParsedModule, Place } from './parse-source.ts';
import { visitsOf, type Visit } from './scope.ts';
import { bare, memberName } from './syntax.ts';

/** Fields that TypeScript makes of parameters: `constructor(public host: string)`. */
export function parameterFields(
  node: FunctionNode,
  module: ParsedModule,
  scope: TypeScope,
): { readonly name: string; readonly field: MemberShape }[] {
  return node.params.flatMap((each) => {
    if (each.type !== 'TSParameterProperty') return [];
    const [parameter] = signatureOf({ params: [each] }, scope).params;
    if (parameter === undefined) return [];
    const hidden = each.accessibility === 'private' || each.accessibility === 'protected';
    const { type, name } = parameter;
    const place = module.place(each.start);
    return [{ name, field: { is: 'field' as const, type, value: undefined, readonly: each.readonly, hidden, place } }];
  });
}

interface Assigned {
  readonly name: string;
  /** Null: it is assigned under a condition, twice, or in a way that cannot be followed. */
  readonly value: Expression | null;
  readonly place: Place;
}

/**
 * What `this.x = …` in a constructor leaves behind. A value counts only where it is the one assignment, directly in the body;
 * a method that is bound to its object stays what it is.
 */
export function constructorValues(constructor: FunctionNode, module: ParsedModule): Assigned[] {
  const found = new Map<string, Assigned>();
  for (const at of visitsOf(module.program)) {
    const { node } = at;
    if (node.type !== 'AssignmentExpression' && node.type !== 'UpdateExpression') continue;
    const target = node.type === 'AssignmentExpression' ? node.left : node.argument;
    if (target.type !== 'MemberExpression' || target.object.type !== 'ThisExpression') continue;
    const name = memberName(target);
    if (name === undefined || !isIn(at, constructor)) continue;
    const right = node.type === 'AssignmentExpression' && node.operator === '=' ? node.right : null;
    if (right !== null && isBound(right, name)) continue;
    const isDirect = at.parent?.node.type === 'ExpressionStatement' && at.parent.parent?.node === constructor.body;
    found.set(name, { name, value: isDirect && !found.has(name) ? right : null, place: module.place(node.start) });
  }
  return [...found.values()];
}

/** Whether a place belongs to the constructor's own `this`. */
function isIn(at: Visit, constructor: FunctionNode): boolean {
  for (let each = at.parent; each !== undefined; each = each.parent) {
    if (each.node === constructor) return true;
    if (each.node.type === 'FunctionExpression' || each.node.type === 'FunctionDeclaration') return false;
  }
  return false;
}

/** `this.x.bind(this)` */
function isBound(value: Expression, name: string): boolean {
  const call = bare(value);
  if (call.type !== 'CallExpression' || call.arguments.length !== 1 || call.arguments[0]?.type !== 'ThisExpression')
    return false;
  const bind = bare(call.callee);
  if (bind.type !== 'MemberExpression' || memberName(bind) !== 'bind') return false;
  const method = bare(bind.object);
  return method.type === 'MemberExpression' && method.object.type === 'ThisExpression' && memberName(method) === name;
}
