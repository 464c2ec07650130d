import type {
  AccessorRule,
  ClassRule,
  ExportsRule,
  FunctionRule,
  ImportsRule,
  ParamRule,
  PluginRule,
  Profile,
  TypeForm,
  TypeRule,
  VariableRule,
} from '../types.ts';
import type { Json } from '../../../contracts/plugin.ts';
import type { ClassSource, ExportsSource, FunctionSource, ParamSource, VariableSource } from './grammar-exports.ts';
import type { ContractSource } from './grammar.ts';
import type { ImportsSource } from './grammar-imports.ts';
import { TypeTextError } from './type-text.ts';
import { namesIn, typeForm } from './type-schema.ts';
import type { TypeSource } from './type-schema.ts';

/** Told about everything that the grammar alone cannot see; `path` is a path of the document. */
export type Report = (path: string, sentence: string) => void;

const anything: TypeForm = { is: 'primitive', name: 'unknown' };

/** The named types. A wrong one is reported and becomes `unknown`, so that the rest is still looked at. */
export function normaliseTypes(source: ContractSource['types'], report: Report): ReadonlyMap<string, TypeRule> {
  const known = new Set(Object.keys(source ?? {}));
  const types = new Map<string, TypeRule>();
  for (const [name, type] of Object.entries(source ?? {})) {
    const at = `types.${name}`;
    types.set(name, { at, form: formOf(type, known, at, report), schema: type as Json });
  }
  for (const name of circular(types)) report(`types.${name}`, 'the type refers to itself');
  return types;
}

function formOf(source: TypeSource, known: ReadonlySet<string>, at: string, report: Report): TypeForm {
  try {
    return typeForm(source, known);
  } catch (error) {
    if (!(error instanceof TypeTextError)) throw error;
    report(at, `the type ${error.message}`);
    return anything;
  }
}

function circular(types: ReadonlyMap<string, TypeRule>): readonly string[] {
  const reaches = (from: string, seen: Set<string>, wanted: string): boolean => {
    const rule = types.get(from);
    if (!rule || seen.has(from)) return false;
    seen.add(from);
    return namesIn(rule.form).some((next) => next === wanted || reaches(next, seen, wanted));
  };
  return [...types.keys()].filter((name) => reaches(name, new Set(), name));
}

export function normalisePlugin(source: ContractSource['plugin'], profile: Profile): PluginRule {
  return {
    ...source,
    at: 'plugin',
    format: source?.format ?? 'esm',
    sideEffects: source?.sideEffects ?? (profile === 'strict' ? 'forbid' : undefined),
  };
}

/** Turns the rules of one `exports` section, found at `at`, into their normal form. */
export function normaliseExports(
  source: ExportsSource,
  {
    at,
    profile,
    types,
    report,
  }: { at: string; profile: Profile; types: ReadonlyMap<string, TypeRule>; report: Report },
): ExportsRule {
  const known = new Set(types.keys());
  const form = (type: TypeSource | undefined, where: string): TypeForm | undefined =>
    type === undefined ? undefined : formOf(type, known, where, report);

  const param = (one: ParamSource, where: string): ParamRule => ({
    at: where,
    name: one.name,
    type: form(one.type, `${where}.type`),
    optional: one.optional ?? one.default !== undefined,
    rest: one.rest ?? false,
    default: one.default === undefined ? undefined : { value: one.default as Json },
  });
  const params = (list: readonly ParamSource[] | undefined, where: string): readonly ParamRule[] | undefined => {
    const rules = list?.map((one, i) => param(one, `${where}[${i}]`));
    rules?.forEach((rule, i) => {
      if (rule.rest && i < rules.length - 1) report(rule.at, 'a rest parameter must be the last');
    });
    return rules;
  };
  const variable = (one: VariableSource, where: string): VariableRule => ({
    at: where,
    name: one.name,
    type: form(one.type, `${where}.type`),
    value: one.value === undefined ? undefined : { value: one.value as Json },
    const: one.const ?? false,
    deferToLive: one.deferToLive ?? false,
  });
  const fn = (one: FunctionSource, where: string): FunctionRule => ({
    at: where,
    name: one.name,
    match: one.match ?? 'compatible',
    async: one.async,
    generator: generatorOf(one.generator),
    params: params(one.params, `${where}.params`),
    returns: form(one.returns, `${where}.returns`),
    timeoutMs: one.timeout,
    deferToLive: one.deferToLive ?? false,
  });
  const accessor = (one: NonNullable<ClassSource['accessors']>[number], where: string): AccessorRule => ({
    at: where,
    name: one.name,
    get: one.get === true ? true : form(one.get, `${where}.get`),
    set: one.set === true ? true : form(one.set, `${where}.set`),
  });
  const cls = (one: ClassSource, where: string): ClassRule => ({
    at: where,
    name: one.name,
    extends: one.extends && { at: `${where}.extends`, ...one.extends },
    construct: params(one.construct, `${where}.construct`),
    statics: each(one.statics, `${where}.statics`, variable),
    fields: each(one.fields, `${where}.fields`, variable),
    accessors: each(one.accessors, `${where}.accessors`, accessor),
    methods: each(one.methods, `${where}.methods`, fn),
    staticMethods: each(one.staticMethods, `${where}.staticMethods`, fn),
    deferToLive: one.deferToLive ?? false,
  });
  const rules: ExportsRule = {
    at,
    policy: source.policy ?? (profile === 'strict' ? 'closed' : 'open'),
    variables: each(source.variables, `${at}.variables`, variable),
    functions: each(source.functions, `${at}.functions`, fn),
    classes: each(source.classes, `${at}.classes`, cls),
  };
  reportTwice(rules, report);
  return rules;
}

function each<In, Out>(
  list: readonly In[] | undefined,
  at: string,
  one: (item: In, at: string) => Out,
): readonly Out[] {
  return (list ?? []).map((item, i) => one(item, `${at}[${i}]`));
}

function generatorOf(written: FunctionSource['generator']): FunctionRule['generator'] {
  if (written === true) return 'any';
  return written === false ? 'forbidden' : written;
}

function reportTwice(rules: ExportsRule, report: Report): void {
  const seen = new Set<string>();
  for (const rule of [...rules.variables, ...rules.functions, ...rules.classes]) {
    if (seen.has(rule.name)) report(rule.at, `"${rule.name}" is declared twice`);
    seen.add(rule.name);
  }
}

/**
 * Import rules in normal form; undefined when the section is omitted under `structural`. `addons: deny` among the
 * permissions forbids native addons even where `imports` is silent.
 */
export function normaliseImports(
  source: ImportsSource | undefined,
  { profile, addons }: { profile: Profile; addons: 'deny' | 'allow' | undefined },
): ImportsRule | undefined {
  if (!source && profile === 'structural' && addons === undefined) return undefined;
  const strict = profile === 'strict';
  const silent = strict ? 'deny' : undefined;
  const granted = source?.capabilities;
  return {
    at: 'imports',
    builtins: (source?.builtins ?? (strict ? [] : undefined))?.map((one, i) => {
      const at = `imports.builtins[${i}]`;
      return typeof one === 'string' ? { at, name: one } : { at, name: one.name, members: one.members };
    }),
    packages: (source?.packages ?? (strict ? [] : undefined))?.map((one, i) => {
      const at = `imports.packages[${i}]`;
      if (typeof one === 'string') return { at, name: one, required: false, lock: false };
      return {
        at,
        name: one.name,
        version: one.version,
        required: one.required ?? false,
        lock: one.lock === 'required',
      };
    }),
    undeclared: source?.undeclared ?? silent,
    transitive: source?.transitive ?? 'closure',
    dynamic: source?.dynamic ?? (strict ? 'literal-only' : undefined),
    relative: 'inside-root',
    installScripts: source?.installScripts ?? silent,
    capabilities: {
      eval: granted?.eval ?? 'deny',
      wasm: granted?.wasm ?? silent,
      nativeAddons: granted?.nativeAddons ?? addons ?? silent,
      globalWrites: granted?.globalWrites ?? silent,
      processObject: granted?.processObject ?? (strict ? [] : undefined),
    },
  };
}
