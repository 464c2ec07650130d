import type { Class, Expression, Function as FunctionNode, Node, TSType } from 'oxc-parser';
import type { Json } from '../../../contracts/plugin.ts';
import { typeOf } from './annotation-type.ts';
import { undecided, type CodeType, type Parameter } from './code-type.ts';
import { findExport, findLocal, type Binding } from './find-export.ts';
import { functionShape, signatureOf, typeScope, type FunctionShape } from './function-shape.ts';
import { constructorValues, parameterFields } from './constructor-fields.ts';
import { literalValue } from './literal-value.ts';
import { indexOf } from './module-index.ts';
import type { ModuleStore } from './module-store.ts';
import type { ParsedModule, Place } from './parse-source.ts';
import { bare, keyName, memberName } from './syntax.ts';

export type MemberShape = { readonly place: Place; readonly hidden: boolean } & (
  | {
      readonly is: 'field';
      readonly type: CodeType;
      readonly value: { readonly value: Json } | undefined;
      readonly readonly: boolean;
    }
  /** `field`: each instance has its own, so that the prototype does not. */
  | { readonly is: 'method'; readonly function: FunctionShape; readonly field?: true }
  | { readonly is: 'accessor'; readonly get: CodeType | undefined; readonly set: CodeType | undefined }
);

/** A superclass by where it comes from, never by name alone. */
export interface Ancestor {
  readonly name: string | undefined;
  /** Specifier as written at its import; undefined for a class of the package itself. */
  readonly from: string | undefined;
  readonly module: ParsedModule;
}

export interface ClassShape {
  /** From the direct superclass upwards, as far as it can be followed. */
  readonly ancestors: readonly Ancestor[];
  /** A superclass cannot be looked into (or a member is computed): what is missing here may be there. */
  readonly open: boolean;
  readonly members: ReadonlyMap<string, MemberShape>;
  readonly statics: ReadonlyMap<string, MemberShape>;
  /** Undefined when the constructor is inherited from beyond the tree. */
  readonly construct: readonly Parameter[] | undefined;
}

/** Own and inherited members of a class; superclasses are followed through every import inside the tree. */
export function classShape(store: ModuleStore, module: ParsedModule, node: Class, depth = 0): ClassShape {
  const own = ownMembers(store, module, node);
  if (node.superClass === null) return { ...own, ancestors: [], construct: own.construct ?? [] };
  const parent = superOf(store, module, node.superClass);
  const follow = parent.node !== undefined && depth < 32 && !parent.changed;
  const above =
    follow && parent.node !== undefined ? classShape(store, parent.ancestor.module, parent.node, depth + 1) : undefined;
  return {
    ancestors: [parent.ancestor, ...(above?.ancestors ?? [])],
    open: own.open || above === undefined || above.open,
    members: new Map([...(above?.members ?? []), ...own.members]),
    statics: new Map([...(above?.statics ?? []), ...own.statics]),
    construct: own.construct ?? above?.construct,
  };
}

interface Super {
  readonly ancestor: Ancestor;
  readonly node: Class | undefined;
  readonly changed: boolean;
}

function superOf(store: ModuleStore, module: ParsedModule, expression: Expression): Super {
  const inner = bare(expression);
  const nowhere: Super = { ancestor: { name: undefined, from: undefined, module }, node: undefined, changed: false };
  let binding: Binding | undefined;
  let written: { specifier: string; name: string | undefined } | undefined;
  if (inner.type === 'Identifier') {
    binding = findLocal(store, module, inner.name);
    written = indexOf(module).imported.get(inner.name);
    if (binding === undefined) return { ...nowhere, ancestor: { name: inner.name, from: 'global', module } };
  } else if (inner.type === 'MemberExpression' && inner.object.type === 'Identifier') {
    const name = memberName(inner);
    const imported = indexOf(module).imported.get(inner.object.name);
    if (name === undefined || imported === undefined) return nowhere;
    written = { specifier: imported.specifier, name };
    const left = findLocal(store, module, inner.object.name);
    binding =
      left?.is === 'namespace'
        ? findExport(store, left.module, name)
        : { is: 'external', from: module, specifier: imported.specifier, name };
  }
  if (binding === undefined) return nowhere;
  if (binding.is === 'external') {
    return { ...nowhere, ancestor: { name: binding.name, from: binding.specifier, module: binding.from } };
  }
  if (binding.is !== 'declared') return nowhere;
  const node = binding.nodes.find((each) => each.type === 'ClassDeclaration') ?? initialClass(binding.nodes);
  const index = indexOf(binding.module);
  const changed = index.rebound.has(binding.name) || index.changed.has(binding.name);
  const ancestor: Ancestor = { name: written?.name ?? binding.name, from: written?.specifier, module: binding.module };
  return {
    ancestor,
    node: node?.type === 'ClassDeclaration' || node?.type === 'ClassExpression' ? node : undefined,
    changed,
  };
}

function initialClass(nodes: readonly Node[]): Node | undefined {
  const [first] = nodes;
  if (first?.type !== 'VariableDeclarator' || first.init === null) return undefined;
  const inner = bare(first.init);
  return inner.type === 'ClassExpression' ? inner : undefined;
}

type Own = Omit<ClassShape, 'ancestors'>;

function ownMembers(store: ModuleStore, module: ParsedModule, node: Class): Own {
  const members = new Map<string, MemberShape>();
  const statics = new Map<string, MemberShape>();
  const overloads = new Map<string, FunctionNode[]>();
  let construct: readonly Parameter[] | undefined;
  let constructor: FunctionNode | undefined;
  let open = node.decorators.length > 0;
  for (const element of node.body.body) {
    if (element.type === 'StaticBlock') {
      open = true;
      continue;
    }
    if (element.type === 'TSIndexSignature') continue;
    const name = keyName(element.key, element.computed);
    if (name === undefined) {
      open ||= element.key.type !== 'PrivateIdentifier';
      continue;
    }
    const target = element.static ? statics : members;
    const base = {
      place: module.place(element.start),
      hidden: element.accessibility === 'private' || element.accessibility === 'protected',
    };
    if (element.decorators.length > 0) open = true;
    if (element.type === 'MethodDefinition') {
      const scope = typeScope(store, module);
      if (element.kind === 'constructor') {
        construct = signatureOf(element.value, scope).params;
        if (element.value.body !== null) constructor = element.value;
      } else if (element.kind === 'method') {
        const key = `${element.static ? 'static ' : ''}${name}`;
        const list = [...(overloads.get(key) ?? []), element.value];
        overloads.set(key, list);
        target.set(name, { ...base, is: 'method', function: functionShape(list, scope) });
      } else {
        const before = target.get(name);
        const known = before?.is === 'accessor' ? before : { get: undefined, set: undefined };
        const signature = signatureOf(element.value, scope);
        const accessor =
          element.kind === 'get'
            ? { get: signature.returns, set: known.set }
            : { get: known.get, set: signature.params[0]?.type ?? undecided('no parameter') };
        target.set(name, { ...base, is: 'accessor', ...accessor });
      }
    } else if (element.type === 'PropertyDefinition' && element.declare !== true) {
      target.set(name, {
        ...base,
        ...property(store, module, {
          value: element.value,
          annotation: element.typeAnnotation?.typeAnnotation,
          readonly: element.readonly === true,
        }),
      });
    } else if (element.type === 'AccessorProperty') {
      const type =
        element.typeAnnotation === null || element.typeAnnotation === undefined
          ? undecided('no annotation')
          : typeOf(element.typeAnnotation.typeAnnotation, typeScope(store, module));
      target.set(name, { ...base, is: 'accessor', get: type, set: type });
    }
  }
  if (constructor !== undefined) {
    for (const { name, field } of parameterFields(constructor, module, typeScope(store, module)))
      members.set(name, field);
    for (const { name, value, place } of constructorValues(constructor, module)) {
      const assigned = property(store, module, { value, annotation: undefined, readonly: false });
      members.set(name, afterConstructor(members.get(name), { ...assigned, hidden: false, place }));
    }
  }
  return { members, statics, construct, open };
}

/** What a member is when the constructor has assigned to it: its declared type, with the value of the constructor. */
function afterConstructor(before: MemberShape | undefined, assigned: MemberShape): MemberShape {
  if (before?.is !== 'field' || assigned.is !== 'field') return assigned;
  return { ...before, type: before.type.is === 'undecided' ? assigned.type : before.type, value: assigned.value };
}

interface Property {
  readonly value: Expression | null;
  readonly annotation: TSType | undefined;
  readonly readonly: boolean;
}

type BareMember =
  | { is: 'method'; function: FunctionShape; field: true }
  | { is: 'field'; type: CodeType; value: { readonly value: Json } | undefined; readonly: boolean };

/** A field; one that holds a function from the start is a method to every caller. */
function property(store: ModuleStore, module: ParsedModule, { value, annotation, readonly }: Property): BareMember {
  const scope = typeScope(store, module);
  const declared = annotation === undefined ? undefined : typeOf(annotation, scope);
  const inner = value === null ? undefined : bare(value);
  if (inner?.type === 'ArrowFunctionExpression' || inner?.type === 'FunctionExpression') {
    const own = functionShape([inner], scope);
    if (declared === undefined) return { is: 'method', function: own, field: true };
    if (declared.is === 'function')
      return { is: 'method', function: { ...own, signatures: [declared.signature] }, field: true };
    return { is: 'field', type: declared, value: undefined, readonly };
  }
  const literal = inner === undefined ? undefined : literalValue(inner);
  const type = declared ?? (literal === undefined ? undecided('no annotation') : widened(literal.value));
  return { is: 'field', type, value: literal, readonly };
}

/** A field that is not annotated has the type of its first value, widened, as TypeScript has it. */
function widened(value: Json): CodeType {
  if (value === null) return { is: 'null' };
  if (typeof value === 'string') return { is: 'string' };
  if (typeof value === 'number') return { is: 'number' };
  return typeof value === 'boolean' ? { is: 'boolean' } : undecided('no annotation');
}
