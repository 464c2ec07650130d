import { z } from 'zod';
import { builtinModules } from 'node:module';
import { keys, name, text, versionRange } from './words.ts';

const known = new Set(builtinModules.map((one) => one.replace(/^node:/, '')));

/** A builtin by its canonical name: a bare `fs` is `node:fs`. Builtins of newer Node lines need the prefix. */
const builtinName = text('a builtin', 128)
  .refine((written) => written.startsWith('node:') || known.has(written), 'is not a Node builtin')
  .transform((written) => (written.startsWith('node:') ? written : `node:${written}`));

const builtin = z.union([builtinName, keys({ name: builtinName, members: z.array(name).optional() })]);

const pkg = keys({
  name,
  version: versionRange.optional(),
  required: z.boolean().optional(),
  lock: z.enum(['required', 'optional']).optional(),
});

const permit = z.enum(['deny', 'allow']);

export const importsSection = keys({
  builtins: z.array(builtin).max(256).optional(),
  packages: z
    .array(z.union([name, pkg]))
    .max(1024)
    .optional(),
  undeclared: permit.optional(),
  transitive: z.enum(['closure', 'direct']).optional(),
  dynamic: z.enum(['deny', 'literal-only']).optional(),
  relative: z.enum(['inside-root']).optional(),
  installScripts: permit.optional(),
  capabilities: keys({
    eval: permit.optional(),
    wasm: permit.optional(),
    nativeAddons: permit.optional(),
    globalWrites: permit.optional(),
    processObject: z.array(name).optional(),
  }).optional(),
});
export type ImportsSource = z.output<typeof importsSection>;
