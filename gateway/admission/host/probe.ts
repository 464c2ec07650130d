import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { factsOfNode, gatewayIsolation } from './facts.ts';
import type { HostFacts, Isolation, SerialDevice } from './facts.ts';

/** Text of a file below 1 MiB, or undefined: what the kernel does not tell stays unknown. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').slice(0, 1024 * 1024);
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

interface ReportHeader {
  readonly header?: { readonly glibcVersionRuntime?: string };
  readonly sharedObjects?: readonly string[];
}

let libc: { readonly found: HostFacts['libc'] } | undefined;

/** Asked once: the report takes milliseconds, and the C library of a running process does not change. */
function ownLibc(): HostFacts['libc'] {
  libc ??= { found: probeLibc() };
  return libc.found;
}

function probeLibc(): HostFacts['libc'] {
  if (process.platform !== 'linux') return undefined;
  // The report would otherwise look up every interface and peer.
  Reflect.set(process.report, 'excludeNetwork', true);
  const report = process.report.getReport() as ReportHeader;
  const glibc = report.header?.glibcVersionRuntime;
  if (glibc !== undefined) return { name: 'glibc', version: glibc };
  if (!report.sharedObjects?.some((object) => object.includes('ld-musl'))) return undefined;
  const version = /^P:musl\nV:(\d+(?:\.\d+)*)/m.exec(textOf('/lib/apk/db/installed') ?? '')?.[1];
  return version === undefined ? undefined : { name: 'musl', version };
}

function probeArmVersion(): number | undefined {
  if (!process.arch.startsWith('arm')) return undefined;
  const told = /^CPU architecture\s*:\s*(\d+)/m.exec(textOf('/proc/cpuinfo') ?? '')?.[1];
  if (told !== undefined) return Number(told);
  const built: unknown = Reflect.get(process.config.variables, 'arm_version');
  return typeof built === 'string' || typeof built === 'number' ? Number(built) : undefined;
}

/** An ARM program on a CPU that calls itself x86 runs under an emulator (qemu-user shows the real /proc/cpuinfo). */
function probeEmulation(): boolean | undefined {
  const cpu = textOf('/proc/cpuinfo');
  if (cpu === undefined) return undefined;
  return process.arch.startsWith('arm') ? /^vendor_id/m.test(cpu) : /QEMU Virtual CPU|TCG/.test(cpu);
}

function probeCgroup(): HostFacts['cgroup'] {
  if (process.platform !== 'linux') return 'none';
  if (existsSync('/sys/fs/cgroup/cgroup.controllers')) return 'v2';
  return existsSync('/sys/fs/cgroup/memory') ? 'v1' : 'none';
}

function probeContainer(): boolean {
  if (existsSync('/.dockerenv') || existsSync('/run/.containerenv')) return true;
  return /docker|kubepods|containerd|lxc/.test(textOf('/proc/1/cgroup') ?? '');
}

/** USB serial adapters as the kernel lists them: a tty whose device chain ends in a USB device with ids. */
function probeSerial(): readonly SerialDevice[] {
  const found: SerialDevice[] = [];
  for (const tty of namesIn('/sys/class/tty')) {
    if (!/^tty(USB|ACM|AMA|S)\d+$/.test(tty) || !existsSync(`/sys/class/tty/${tty}/device`)) continue;
    let at = realpathSync(`/sys/class/tty/${tty}/device`);
    for (let up = 0; up < 4 && !existsSync(join(at, 'idVendor')); up++) at = dirname(at);
    const vid = textOf(join(at, 'idVendor'))?.trim();
    const pid = textOf(join(at, 'idProduct'))?.trim();
    if (vid !== undefined || !tty.startsWith('ttyS')) found.push({ path: `/dev/${tty}`, vid, pid });
  }
  return found;
}

/**
 * What this host is. Reads /proc, /sys and Node's own report; opens no device and no socket. `env` and `secrets` are
 * what the plugin would get, `isolation` what the caller's cells can do.
 */
export function probeHost(given: {
  readonly env: ReadonlyMap<string, string>;
  readonly secrets?: ReadonlyMap<string, string>;
  readonly isolation?: Isolation;
}): HostFacts {
  return {
    arch: process.arch,
    armVersion: probeArmVersion(),
    os: process.platform,
    kernel: release(),
    distribution: /^ID="?([\w.-]+)"?$/m.exec(textOf('/etc/os-release') ?? '')?.[1],
    libc: ownLibc(),
    ...factsOfNode(process.versions.node),
    node: process.versions.node,
    abi: Number(process.versions.modules),
    container: probeContainer(),
    emulated: probeEmulation(),
    cgroup: probeCgroup(),
    serial: probeSerial(),
    gpioChips: namesIn('/dev').filter((name) => /^gpiochip\d+$/.test(name)),
    env: given.env,
    secrets: given.secrets ?? new Map<string, string>(),
    isolation: given.isolation ?? gatewayIsolation,
    evidence: [],
  };
}
