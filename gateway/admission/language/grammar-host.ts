import { z } from 'zod';
import { exportsSection } from './grammar-exports.ts';
import { keys, name, oneOrMany, pattern, text, versionRange } from './words.ts';

const archAliases: Readonly<Record<string, string>> = {
  aarch64: 'arm64',
  armhf: 'arm',
  armv6l: 'arm',
  armv7l: 'arm',
  armv7: 'arm',
  armv6: 'arm',
  x86_64: 'x64',
  amd64: 'x64',
  x86: 'ia32',
  i386: 'ia32',
  i686: 'ia32',
};
const archNames = new Set(['arm64', 'arm', 'x64', 'ia32', 'riscv64', 'loong64', 'ppc64', 's390x', 'mips', 'mipsel']);
const osAliases: Readonly<Record<string, string>> = { macos: 'darwin', windows: 'win32' };
const osNames = new Set(['linux', 'darwin', 'win32', 'android', 'freebsd', 'openbsd', 'netbsd', 'aix', 'sunos']);

/** The name that Node uses, or undefined for an architecture that nobody knows. */
export function canonicalArch(written: string): string | undefined {
  const lower = written.toLowerCase();
  const arch = archAliases[lower] ?? lower;
  return archNames.has(arch) ? arch : undefined;
}
export function canonicalOs(written: string): string | undefined {
  const lower = written.toLowerCase();
  const os = osAliases[lower] ?? lower;
  return osNames.has(os) ? os : undefined;
}

const arch = text('an architecture', 32)
  .refine(
    (written) => canonicalArch(written) !== undefined,
    `is not an architecture; known are ${[...archNames].join(', ')}`,
  )
  .transform((written) => canonicalArch(written) ?? written);
const os = text('an operating system', 32)
  .refine(
    (written) => canonicalOs(written) !== undefined,
    `is not an operating system; known are ${[...osNames].join(', ')}`,
  )
  .transform((written) => canonicalOs(written) ?? written);

const libc = text('a libc', 256).regex(
  /^\s*(glibc|musl)\s*((>=|<=|>|<|=)?\s*\d+(\.\d+)*\s*)*(\|\|\s*(glibc|musl)\s*((>=|<=|>|<|=)?\s*\d+(\.\d+)*\s*)*)*$/,
  'is not a libc rule such as "glibc>=2.31 || musl>=1.2"',
);

const usbId = text('a USB id', 4).regex(/^[0-9a-fA-F]{4}$/, 'is not a USB id of four hex digits');
export const serialMatch = keys({ vid: usbId.optional(), pid: usbId.optional(), path: text('a path').optional() });
const device = keys({ serial: serialMatch.optional(), gpio: text('a GPIO chip', 64).optional() });

const scalar = z.union([z.string().max(4096), z.number(), z.boolean(), z.null()]);
const envName = text('a variable name', 128).regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not a variable name');
const variable = keys({
  name: envName,
  value: scalar.optional(),
  oneOf: z.array(scalar).min(1).max(256).optional(),
  pattern: pattern.optional(),
  type: z.enum(['string', 'number', 'integer', 'boolean']).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minLength: z.int().nonnegative().optional(),
  required: z.boolean().optional(),
  default: scalar.optional(),
});
const secret = keys({
  name: envName,
  minLength: z.int().nonnegative().optional(),
  maxLength: z.int().positive().optional(),
  pattern: pattern.optional(),
  source: oneOrMany(z.enum(['file', 'keystore', 'env'])).optional(),
  deliver: z.enum(['handle', 'env']).optional(),
  required: z.boolean().optional(),
});
export const environmentSection = keys({
  variables: z.array(variable).max(256).optional(),
  secrets: z.array(secret).max(256).optional(),
});

const runtime = keys({
  name: z.enum(['node', 'deno', 'bun']),
  version: versionRange.optional(),
  abi: oneOrMany(z.int()).optional(),
  features: z.array(name).optional(),
  requires: keys({ isolation: z.int().min(0).max(3).optional() }).optional(),
});

const overlay = keys({ exports: exportsSection });

const system = keys({
  os,
  kernel: versionRange.optional(),
  distribution: name.optional(),
  libc: libc.optional(),
  container: z.enum(['any', 'required', 'forbidden']).optional(),
  emulation: z.enum(['any', 'forbidden']).optional(),
  cgroup: z.enum(['v1', 'v2', 'any']).optional(),
  devices: z.array(device).max(64).optional(),
  runtimes: z.array(runtime).min(1).max(64).optional(),
  environment: environmentSection.optional(),
  exports: exportsSection.optional(),
  modules: z.array(overlay).max(16).optional(),
});

const deployment = keys({
  arch: oneOrMany(arch).optional(),
  armVersion: oneOrMany(z.int().min(5).max(9)).optional(),
  systems: z.array(system).min(1).max(64).optional(),
});
export const hostSection = keys({ deployments: z.array(deployment).max(64).optional() });

export type DeploymentRule = z.output<typeof deployment>;
export type SystemRule = z.output<typeof system>;
export type RuntimeRule = z.output<typeof runtime>;
export type EnvironmentRule = z.output<typeof environmentSection>;
export type EnvironmentVariableRule = z.output<typeof variable>;
export type SecretRule = z.output<typeof secret>;
