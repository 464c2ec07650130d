import type { ViolationCode } from './codes.ts';
import type { Json } from '../../contracts/plugin.ts';

/**
 * The normal forms that admission works on after parsing. An `undefined` section or key is *not checked*: with
 * `profile: strict` the parser has already replaced an omitted `imports`, `permissions` or `environment` by one that
 * grants nothing, so no check ever asks for the profile to find a default.
 *
 * `at` on a rule is its path in the contract (`exports.functions[0]`), the value to put into `Violation.path`
 * (a deeper path such as `exports.functions[0].params[1].type` is welcome). The line is found from the path.
 */
export type Profile = 'strict' | 'structural';

/** Whether a plugin came with the gateway, or the site brought it. */
export type Origin = 'shipped' | 'site';

/** A type of the closed mini-language. `named` refers to `Contract.types`; names are resolved and never recursive. */
export type TypeForm =
  | { readonly is: 'primitive'; readonly name: PrimitiveName }
  | { readonly is: 'literal'; readonly value: string | number | boolean }
  | { readonly is: 'array'; readonly of: TypeForm }
  | { readonly is: 'tuple'; readonly of: readonly TypeForm[] }
  | { readonly is: 'record'; readonly of: TypeForm }
  | { readonly is: 'union'; readonly of: readonly TypeForm[] }
  | { readonly is: 'object'; readonly properties: ReadonlyMap<string, TypeProperty>; readonly closed: boolean }
  | { readonly is: 'named'; readonly name: string };
/** `integer` is a `number` to TypeScript; `bytes` is a `Uint8Array`. */
export type PrimitiveName = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'void' | 'unknown' | 'bytes';
export interface TypeProperty {
  readonly type: TypeForm;
  readonly optional: boolean;
}
/** A named type. `schema` binds values at call time and takes no part in a comparison of types. */
export interface TypeRule {
  readonly at: string;
  readonly form: TypeForm;
  readonly schema: Json;
}

export interface ParamRule {
  readonly at: string;
  readonly name: string;
  /** Undefined: any type. */
  readonly type?: TypeForm | undefined;
  readonly optional: boolean;
  readonly rest: boolean;
  /** Undefined: unconstrained. `{ value: null }`: a literal null default must exist. */
  readonly default?: { readonly value: Json } | undefined;
}
export interface FunctionRule {
  readonly at: string;
  readonly name: string;
  readonly match: 'compatible' | 'exact';
  /** Undefined: not demanded; `returns` is then the plain result. With `required` or `any` it is the resolved value. */
  readonly async?: 'required' | 'forbidden' | 'any' | undefined;
  /** Undefined: not demanded. With a generator `returns` is each yielded value. */
  readonly generator?: 'sync' | 'async' | 'any' | 'forbidden' | undefined;
  /** Undefined: parameters are not checked; an empty list: none may be required. */
  readonly params?: readonly ParamRule[] | undefined;
  readonly returns?: TypeForm | undefined;
  readonly timeoutMs?: number | undefined;
  readonly deferToLive: boolean;
}
/** A variable of the module, a static or a field. */
export interface VariableRule {
  readonly at: string;
  readonly name: string;
  readonly type?: TypeForm | undefined;
  /** Undefined: any value. */
  readonly value?: { readonly value: Json } | undefined;
  /** True rejects `let` and `var`. */
  readonly const: boolean;
  readonly deferToLive: boolean;
}
export interface AccessorRule {
  readonly at: string;
  readonly name: string;
  /** `true` demands the accessor, a type its type as well. */
  readonly get?: TypeForm | true | undefined;
  readonly set?: TypeForm | true | undefined;
}
export interface ClassRule {
  readonly at: string;
  readonly name: string;
  /** Identity by module: `from` undefined means a class of the package itself. */
  readonly extends?: { readonly at: string; readonly name: string; readonly from?: string | undefined } | undefined;
  readonly construct?: readonly ParamRule[] | undefined;
  readonly statics: readonly VariableRule[];
  readonly fields: readonly VariableRule[];
  readonly accessors: readonly AccessorRule[];
  readonly methods: readonly FunctionRule[];
  readonly staticMethods: readonly FunctionRule[];
  readonly deferToLive: boolean;
}
/** What the module must look like; the overlay of the matching deployment is already merged in. */
export interface ExportsRule {
  readonly at: string;
  readonly policy: 'closed' | 'open' | 'warn';
  readonly variables: readonly VariableRule[];
  readonly functions: readonly FunctionRule[];
  readonly classes: readonly ClassRule[];
}

export interface BuiltinRule {
  readonly at: string;
  /** Canonical, with the `node:` prefix. */
  readonly name: string;
  readonly members?: readonly string[] | undefined;
}
export interface PackageRule {
  readonly at: string;
  readonly name: string;
  readonly version?: string | undefined;
  readonly required: boolean;
  /** True: the lockfile must hold the package with an integrity hash. */
  readonly lock: boolean;
}
export interface Capabilities {
  /** Denied unless the contract allows it in words, in both profiles (PC-D109). */
  readonly eval: 'deny' | 'allow';
  /** Undefined, here and below: not checked. `wasm` covers WebAssembly and `.wasm` files. */
  readonly wasm?: 'deny' | 'allow' | undefined;
  /** `.node` files anywhere in the closure (PC-D111); also set by `permissions.process.addons: deny`. */
  readonly nativeAddons?: 'deny' | 'allow' | undefined;
  readonly globalWrites?: 'deny' | 'allow' | undefined;
  /** Members of `process` that may be used; undefined: not checked (the escapes are denied always). */
  readonly processObject?: readonly string[] | undefined;
}
export interface ImportsRule {
  readonly at: string;
  /** Undefined: builtins are not checked. */
  readonly builtins?: readonly BuiltinRule[] | undefined;
  /** Undefined: packages are not checked. */
  readonly packages?: readonly PackageRule[] | undefined;
  readonly undeclared?: 'deny' | 'allow' | undefined;
  readonly transitive: 'closure' | 'direct';
  readonly dynamic?: 'deny' | 'literal-only' | undefined;
  readonly relative: 'inside-root';
  /** Undefined: not checked. `deny`: no install script in the package or in any package of the closure (PC-D111). */
  readonly installScripts?: 'deny' | 'allow' | undefined;
  readonly capabilities: Capabilities;
}

export interface PluginRule {
  readonly at: string;
  readonly package?: string | undefined;
  readonly version?: string | undefined;
  readonly entry?: string | undefined;
  readonly format: 'esm' | 'allow-cjs';
  readonly sideEffects?: 'forbid' | 'warn' | 'allow' | undefined;
  readonly api?: { readonly report?: string | undefined; readonly digest?: string | undefined } | undefined;
}

/** What the analysis of code needs of a contract. The other sections never concern the code. */
export interface CodeContract {
  readonly profile: Profile;
  readonly plugin: PluginRule;
  readonly types: ReadonlyMap<string, TypeRule>;
  readonly exports?: ExportsRule | undefined;
  /** Undefined: only the rules that are always on (PC-S001, PC-S105, PC-D109, PC-D110). */
  readonly imports?: ImportsRule | undefined;
}

export type Severity = 'error' | 'warning' | 'note';
export interface Violation {
  readonly code: ViolationCode;
  /** Path in the contract, or the empty text where no rule of the contract is involved. */
  readonly path: string;
  /** Place in the code: path from the package root with `/`, first line and column are 1. */
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** Filled in by the decision from `path`. */
  readonly contractLine?: number | undefined;
  /** The member, specifier, package or variable that it is about; waivers name it. */
  readonly subject?: string | undefined;
  readonly expected?: string | undefined;
  /** Never a value of the environment or of a secret. */
  readonly observed?: string | undefined;
  readonly confidence: 'proven' | 'heuristic';
  /** One sentence: what to do. */
  readonly remedy: string;
  readonly severity: Severity;
}

/** A package as it was read, once. Paths have `/` and no leading `./`; links are listed, never followed. */
export interface SourceTree {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Symbolic links and other special files: path to what they point at, as written. */
  readonly links: ReadonlyMap<string, string>;
}

/**
 * A module that the gateway itself provides to plugins. `path` is where a relative import reaches it, from the
 * package root (`../../contracts/index.ts`): such an import counts as an import of package `name`.
 */
export interface ProvidedModule {
  readonly name: string;
  readonly version: string;
  readonly path?: string | undefined;
}

export interface AnalysisInput {
  readonly root: SourceTree;
  /** Entry file, a key of `root.files`; when it is absent the analysis reports PC-S001. */
  readonly entry: string;
  readonly contract: CodeContract;
  readonly profile: Profile;
  readonly provided?: readonly ProvidedModule[] | undefined;
}
/**
 * Module graph, authority scan, structure and types. Never throws for anything that the plugin contains, and never
 * runs a byte of it. A lockfile may be the short notation of the case file: one `name@version` per line, with
 * `a@1 -> b@2` for an edge.
 */
export type AnalysePlugin = (input: AnalysisInput) => Promise<readonly Violation[]>;

/** What `contract init` writes down: the code's own shape, in the words of the grammar (plain JSON). */
export interface PluginOutline {
  /** The entry is CommonJS, which a contract must allow in so many words. */
  readonly commonjs: boolean;
  /** Loading the plugin's own modules may do something. */
  readonly effects: boolean;
  /** The `exports` section, for example `{ functions: [{ name: 'read', async: 'required', params: [...] }] }`. */
  readonly exports: Json;
  /** Canonical names. */
  readonly builtins: readonly string[];
  /** Packages that resolve inside the tree, with the version found. Unresolved ones are left out: they become denials. */
  readonly packages: readonly { readonly name: string; readonly version?: string | undefined }[];
}
export type OutlinePlugin = (input: {
  readonly root: SourceTree;
  readonly entry: string;
  readonly provided?: readonly ProvidedModule[] | undefined;
}) => Promise<PluginOutline>;
