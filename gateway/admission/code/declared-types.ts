import type { ClassShape, MemberShape } from './class-shape.ts';
import type { Signature } from './code-type.ts';
import type { FunctionShape } from './function-shape.ts';
import type { ModuleStore } from './module-store.ts';
import type { ParsedModule } from './parse-source.ts';
import { exportShape, type ExportShape } from './shape.ts';

export interface Declared {
  readonly shape: ExportShape;
  /** How the declaration file contradicts the code that it is shipped with. */
  readonly lie?: string | undefined;
}

/**
 * Plain JavaScript has no types; the declaration file beside it has, but it may lie. Its types are taken only where
 * the code agrees on what can be seen there: kind, number of parameters, async and generator, members.
 */
export function withDeclaredTypes(
  store: ModuleStore,
  module: ParsedModule,
  name: string,
  shape: ExportShape,
): Declared {
  if (module.typed) return { shape };
  const outcome = store.parse(module.path.replace(/js$/, 'ts').replace(/\.([cm]?ts)$/, '.d.$1'));
  if (outcome === undefined || !('module' in outcome)) return { shape };
  const declared = exportShape(store, outcome.module, name);
  if (declared === undefined) return { shape };
  if (shape.is === 'function' && declared.is === 'function') {
    const lie = contradiction(shape.function, declared.function);
    return lie === undefined
      ? { shape: { ...shape, function: typedFunction(shape.function, declared.function) } }
      : { shape, lie };
  }
  if (shape.is === 'class' && declared.is === 'class') return typedClass(shape, declared.class);
  if (shape.is === 'variable' && declared.is === 'variable') {
    return { shape: { ...shape, variable: { ...shape.variable, type: declared.variable.type } } };
  }
  // A class may well be declared as a constant of a constructor type, and a function as a constant or with a namespace.
  const callable = declared.is === 'function' || declared.is === 'class';
  const plain =
    shape.is === 'function' || shape.is === 'class' || (shape.is === 'variable' && !shape.variable.computed);
  return callable && plain ? { shape, lie: `a ${declared.is} where the code has a ${shape.is}` } : { shape };
}

function contradiction(code: FunctionShape, declared: FunctionShape): string | undefined {
  const params = code.signatures.at(-1)?.params ?? [];
  const most = Math.max(...declared.signatures.map((each) => each.params.length));
  if (params.length !== most) return `${most} parameters where the code has ${params.length}`;
  const returns = declared.signatures.map((each) => each.returns.is);
  if (code.generator === true && !returns.every((is) => is === 'iterator' || is === 'undecided'))
    return 'no generator where the code has one';
  const isAsync = code.async === true && code.generator !== true;
  if (isAsync && !returns.every((is) => is === 'promise' || is === 'undecided'))
    return 'a sync function where the code is async';
  const givesNothing = code.async !== true && code.signatures.at(-1)?.returns.is === 'void';
  if (givesNothing && returns.includes('promise')) return 'a promise where the code returns nothing';
  return undefined;
}

function typedFunction(code: FunctionShape, declared: FunctionShape): FunctionShape {
  const own = code.signatures.at(-1)?.params ?? [];
  const signatures = declared.signatures.map((each): Signature => {
    const params = each.params.map((param, i) => {
      const { name = param.name, hasDefault = false, default: given } = own[i] ?? {};
      return { type: param.type, optional: param.optional, rest: param.rest, name, hasDefault, default: given };
    });
    return { params, returns: each.returns };
  });
  return { ...code, signatures };
}

function typedClass(shape: ExportShape & { is: 'class' }, declared: ClassShape): Declared {
  let lie: string | undefined;
  const members = (
    code: ReadonlyMap<string, MemberShape>,
    types: ReadonlyMap<string, MemberShape>,
  ): Map<string, MemberShape> => {
    const merged = new Map(code);
    for (const [name, type] of types) {
      const own = code.get(name);
      if (own === undefined) {
        // A field may be assigned anywhere; a method that is not there is not there.
        if (type.is === 'method' && !shape.class.open) lie ??= `a method ${name} that the code does not have`;
      } else if (own.is === 'method' && type.is === 'method') {
        const wrong = contradiction(own.function, type.function);
        if (wrong !== undefined) lie ??= `${name}: ${wrong}`;
        merged.set(name, { ...own, hidden: type.hidden, function: typedFunction(own.function, type.function) });
      } else if (own.is === 'field' && type.is === 'field')
        merged.set(name, { ...own, hidden: type.hidden, type: type.type });
      else if (own.is === 'accessor' && type.is === 'accessor') merged.set(name, { ...type, place: own.place });
    }
    return merged;
  };
  const merged: ClassShape = {
    ...shape.class,
    members: members(shape.class.members, declared.members),
    statics: members(shape.class.statics, declared.statics),
    construct:
      declared.construct?.length === shape.class.construct?.length ? declared.construct : shape.class.construct,
  };
  return lie === undefined ? { shape: { ...shape, class: merged } } : { shape, lie };
}
