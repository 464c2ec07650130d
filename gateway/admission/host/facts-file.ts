import { z } from 'zod';
import type { Violation } from '../types.ts';
import { canonicalArch, canonicalOs } from '../language/grammar-host.ts';
import { readDocument } from '../language/read-document.ts';
import { factsOfNode, handleKinds, ownIsolation } from './facts.ts';
import type { HostFacts, SerialDevice } from './facts.ts';

const scalar = z.union([z.string().max(65_536), z.number(), z.boolean()]).transform(String);
/** Null says that a name is not set. */
const values = z.record(z.string().max(256), scalar.nullable());
const version = z.string({
  error: ({ input }) =>
    typeof input === 'number' ? 'quote the version: a bare number loses digits' : 'must be a version text',
});
const versionOf = version.max(64);
const level = z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]);

/** `glibc 2.41`, `musl-1.2.5`, or the name alone: then no bound on the version is satisfied. */
const libc = z.union([
  z
    .string()
    .regex(/^(glibc|musl)([\s@=-]*\d+(\.\d+)*)?$/, 'is not a libc such as "glibc 2.41"')
    .transform((written) => ({
      name: written.startsWith('musl') ? ('musl' as const) : ('glibc' as const),
      version: written.replace(/^\D+/, '') || '0',
    })),
  z.strictObject({ name: z.enum(['glibc', 'musl']), version: versionOf }),
]);

const serial = z.union([
  z.string().transform((path): SerialDevice => ({ path })),
  z.object({ vid: z.string().optional(), pid: z.string().optional(), path: z.string().optional() }),
]);

/** Facts are loose: a fact that no rule asks about cannot grant anything. Known ones must have their form. */
const factsDocument = z.looseObject({
  arch: z
    .string()
    .refine((written) => canonicalArch(written) !== undefined, 'is not an architecture')
    .optional(),
  armVersion: z.int().optional(),
  os: z
    .string()
    .refine((written) => canonicalOs(written) !== undefined, 'is not an operating system')
    .optional(),
  kernel: z.string().optional(),
  distribution: z.string().optional(),
  libc: libc.optional(),
  node: versionOf.optional(),
  abi: z.int().optional(),
  features: z.array(z.string()).optional(),
  container: z.boolean().optional(),
  emulated: z.boolean().optional(),
  cgroup: z.enum(['v1', 'v2', 'none']).optional(),
  devices: z
    .union([
      z.array(z.object({ serial: serial.optional(), gpio: z.string().optional() })),
      z.object({ serial: z.array(serial).optional() }),
    ])
    .optional(),
  serial: z.array(serial).optional(),
  gpioChips: z.array(z.string()).optional(),
  env: values.optional(),
  secrets: values.optional(),
  isolation: z
    .looseObject({
      broker: z.boolean().optional(),
      handles: z.array(z.enum(handleKinds)).optional(),
      netns: z.boolean().optional(),
      os: z.boolean().optional(),
      level: level.optional(),
    })
    .optional(),
  /** The policy of that host, for a check that names no other. */
  policy: z.record(z.string(), z.unknown()).optional(),
  evidence: z
    .array(
      z.looseObject({
        kind: z.string(),
        subject: z.string(),
        provider: z.string().optional(),
        status: z.string().optional(),
        observed: z.boolean().optional(),
      }),
    )
    .optional(),
});
type FactsSource = z.output<typeof factsDocument>;

/** Reads a host-facts file (YAML or JSON). Nothing is added from the machine that reads it. */
export function readFacts(
  bytes: Uint8Array,
  file: string,
): { readonly facts?: HostFacts; readonly policy?: object | undefined; readonly violations: readonly Violation[] } {
  const { value, violations } = readDocument(bytes, file, factsDocument);
  return value ? { facts: factsOf(value), policy: value.policy, violations: [] } : { violations };
}

function factsOf(source: FactsSource): HostFacts {
  const fromNode = source.node === undefined ? { features: [] } : factsOfNode(source.node);
  const { devices } = source;
  const listed = Array.isArray(devices) ? devices.flatMap((one) => (one.serial ? [one.serial] : [])) : devices?.serial;
  return {
    arch: source.arch === undefined ? undefined : canonicalArch(source.arch),
    armVersion: source.armVersion ?? armVersionOf(source.arch),
    os: source.os === undefined ? undefined : canonicalOs(source.os),
    kernel: source.kernel,
    distribution: source.distribution,
    libc: source.libc,
    node: source.node,
    abi: source.abi ?? fromNode.abi,
    features: source.features ?? fromNode.features,
    container: source.container,
    emulated: source.emulated,
    cgroup: source.cgroup,
    serial: [...(source.serial ?? []), ...(listed ?? [])],
    gpioChips: source.gpioChips ?? [],
    env: setValues(source.env),
    secrets: setValues(source.secrets),
    isolation: isolationOf(source.isolation),
    evidence: (source.evidence ?? []).map((record) => ({
      kind: record.kind,
      subject: record.subject,
      provider: record.provider,
      status: record.status ?? 'unknown',
      observed: record.observed ?? false,
    })),
  };
}

function setValues(source: FactsSource['env']): ReadonlyMap<string, string> {
  return new Map(Object.entries(source ?? {}).filter((entry): entry is [string, string] => entry[1] !== null));
}

/** The architecture's own name may say it: `armv7l`. */
function armVersionOf(arch: string | undefined): number | undefined {
  const told = /^armv(\d)/.exec(arch ?? '')?.[1];
  if (told !== undefined) return Number(told);
  return arch !== undefined && canonicalArch(arch) === 'arm64' ? 8 : undefined;
}

/** What is said about isolation replaces our own defaults; the level follows from it where it is not given. */
function isolationOf(source: FactsSource['isolation']): HostFacts['isolation'] {
  if (!source) return ownIsolation;
  const broker = source.broker ?? ownIsolation.broker;
  const netns = source.netns ?? false;
  const os = source.os ?? false;
  const { handles } = source;
  return { broker, ...(handles && { handles }), netns, os, level: source.level ?? (netns && os ? 3 : os ? 2 : 1) };
}
