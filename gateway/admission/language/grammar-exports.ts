import { z } from 'zod';
import { typeSource } from './type-schema.ts';
import { duration, exactVersion, hash, json, keys, memberName, name, text, versionRange } from './words.ts';

export const pluginSection = keys({
  package: name.optional(),
  version: versionRange.optional(),
  entry: text('an entry file', 512)
    .refine((path) => !/^[/\\]|(^|[/\\])\.\.([/\\]|$)/.test(path), 'must lie inside the package')
    .optional(),
  format: z.enum(['esm', 'allow-cjs']).optional(),
  sideEffects: z.enum(['forbid', 'warn', 'allow']).optional(),
  api: keys({ report: text('a path', 512).optional(), digest: hash.optional() }).optional(),
});

export const metadataSection = keys({
  id: name.optional(),
  version: exactVersion.optional(),
  owner: name.optional(),
  description: text('a description', 4096).optional(),
});

const identifier = text('a name', 256).regex(memberName, 'is not a member name');

const param = keys({
  name: identifier,
  type: typeSource.optional(),
  optional: z.boolean().optional(),
  default: json.optional(),
  rest: z.boolean().optional(),
});

const fn = keys({
  name: identifier,
  match: z.enum(['compatible', 'exact']).optional(),
  async: z.enum(['required', 'forbidden', 'any']).optional(),
  generator: z.union([z.enum(['sync', 'async', 'any', 'forbidden']), z.boolean()]).optional(),
  params: z.array(param).max(64).optional(),
  returns: typeSource.optional(),
  timeout: duration.optional(),
  deferToLive: z.boolean().optional(),
});

const variable = keys({
  name: identifier,
  type: typeSource.optional(),
  value: json.optional(),
  const: z.boolean().optional(),
  deferToLive: z.boolean().optional(),
});

const accessorType = z.union([z.literal(true), typeSource]);
const accessor = keys({ name: identifier, get: accessorType.optional(), set: accessorType.optional() });

const cls = keys({
  name: identifier,
  extends: keys({ name: identifier, from: name.optional() }).optional(),
  construct: z.array(param).max(64).optional(),
  statics: z.array(variable).max(256).optional(),
  fields: z.array(variable).max(256).optional(),
  accessors: z.array(accessor).max(256).optional(),
  methods: z.array(fn).max(256).optional(),
  staticMethods: z.array(fn).max(256).optional(),
  deferToLive: z.boolean().optional(),
});

export const exportsSection = keys({
  policy: z.enum(['closed', 'open', 'warn']).optional(),
  variables: z.array(variable).max(1024).optional(),
  functions: z.array(fn).max(1024).optional(),
  classes: z.array(cls).max(1024).optional(),
});

export const typesSection = z.record(text('a type name').regex(/^[A-Za-z_$][\w$]*$/, 'is not a type name'), typeSource);

export type ExportsSource = z.output<typeof exportsSection>;
export type ParamSource = z.output<typeof param>;
export type FunctionSource = z.output<typeof fn>;
export type VariableSource = z.output<typeof variable>;
export type ClassSource = z.output<typeof cls>;
