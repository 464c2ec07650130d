/** An external statement about a subject. Without an observation it proves nothing. */
export interface EvidenceRecord {
  readonly kind: string;
  readonly subject: string;
  readonly provider?: string | undefined;
  readonly status: string;
  readonly observed: boolean;
}

/** What a broker of handles can have: HTTP out of the house, other sockets out, sockets in, and so on. */
export const handleKinds = [
  'mqtt',
  'retain',
  'http',
  'sockets',
  'listen',
  'secrets',
  'serial',
  'gpio',
  'bluetooth',
  'files',
] as const;
export type HandleKind = (typeof handleKinds)[number];

/** How far this gateway can keep plugins apart. */
export interface Isolation {
  /** The gateway owns sockets, ports, pins and topics and hands out handles cut to the contract. */
  readonly broker: boolean;
  /** The kinds of handles that it has; undefined: every kind. */
  readonly handles?: readonly HandleKind[] | undefined;
  /** An own network namespace per plugin. */
  readonly netns: boolean;
  /** Own uid, cgroup and mounts per plugin: the operating system holds what Node cannot. */
  readonly os: boolean;
  /** What the kernel keeps from the process of every cell on this host; undefined: nobody tried. */
  readonly kernel?: readonly ('network' | 'signals' | 'ipc' | 'files' | 'user')[] | undefined;
  /** 0 declared, 1 fenced, 2 process, 3 namespaces. */
  readonly level: 0 | 1 | 2 | 3;
}

export interface SerialDevice {
  readonly vid?: string | undefined;
  readonly pid?: string | undefined;
  readonly path?: string | undefined;
}

/**
 * What is known about a host. An `undefined` fact is unknown, and unknown never satisfies a rule. Names are
 * canonical: `arch` and `os` as Node spells them (arm64, arm, x64; linux, darwin, win32).
 */
export interface HostFacts {
  readonly arch?: string | undefined;
  readonly armVersion?: number | undefined;
  readonly os?: string | undefined;
  readonly kernel?: string | undefined;
  readonly distribution?: string | undefined;
  readonly libc?: { readonly name: 'glibc' | 'musl'; readonly version: string } | undefined;
  readonly node?: string | undefined;
  readonly abi?: number | undefined;
  readonly features: readonly string[];
  readonly container?: boolean | undefined;
  readonly emulated?: boolean | undefined;
  readonly cgroup?: 'v1' | 'v2' | 'none' | undefined;
  readonly serial: readonly SerialDevice[];
  readonly gpioChips: readonly string[];
  /** Values stay in memory: they are compared and never written anywhere. */
  readonly env: ReadonlyMap<string, string>;
  readonly secrets: ReadonlyMap<string, string>;
  readonly isolation: Isolation;
  /** Statements of the site itself. What a plugin or its manifest says about itself never gets in here. */
  readonly evidence: readonly EvidenceRecord[];
}

/** What a host-facts file that says nothing of isolation means: a gateway with process cells that owns the sockets. */
export const ownIsolation: Isolation = { broker: true, netns: false, os: false, level: 1 };

/** This gateway, as far as every installation of it goes. */
export const gatewayIsolation: Isolation = { ...ownIsolation, handles: ['mqtt', 'http', 'secrets', 'serial', 'gpio'] };

/** A gateway whose plugins run in its own threads. */
export const noIsolation: Isolation = { broker: false, netns: false, os: false, level: 0 };

/** Process ABI of the release lines (node/doc/abi_version_registry.json): it follows from the version. */
const abiOfMajor: Readonly<Record<number, number>> = { 20: 115, 22: 127, 24: 137, 25: 141, 26: 147 };

/** What follows from a Node version alone: the ABI, and which permission flags the line has (measured on 20 to 26). */
export function factsOfNode(version: string): { readonly abi?: number; readonly features: readonly string[] } {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const features: string[] = [];
  if (major > 22 || (major === 22 && minor >= 13)) {
    features.push(
      'permission',
      'permission.fs',
      'permission.child',
      'permission.worker',
      'permission.addons',
      'permission.wasi',
    );
  }
  if (major >= 25) features.push('permission.net');
  if (major >= 26) features.push('permission.ffi');
  const abi = abiOfMajor[major];
  return abi === undefined ? { features } : { abi, features };
}
