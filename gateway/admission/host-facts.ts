/** An external statement about a subject. Without an observation it proves nothing. */
export interface EvidenceRecord {
  readonly kind: string;
  readonly subject: string;
  readonly provider?: string | undefined;
  readonly status: string;
  readonly observed: boolean;
}

/** How far this gateway can keep plugins apart. */
export interface Isolation {
  /** The gateway owns sockets, ports, pins and topics and hands out handles cut to the contract. */
  readonly broker: boolean;
  /** An own network namespace per plugin. */
  readonly netns: boolean;
  /** Own uid, cgroup and mounts per plugin: the operating system holds what Node cannot. */
  readonly os: boolean;
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
  readonly evidence: readonly EvidenceRecord[];
}
