import { lstatSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Confinement } from './confinement.ts';
import type { CellPlan } from './options.ts';
import { childOf, startShell } from './shell.ts';

const host = join(import.meta.dirname, 'host', `cell-host${extname(import.meta.filename)}`);
const gatewayRoot = join(import.meta.dirname, '../..');

/**
 * Address space that Node 24 writes to before it runs a line of ours, as RLIMIT_DATA counts it: stacks and heap
 * reservations, 590 MB measured on x64, of which 16 MB are ever touched.
 */
const reservedKiB = 600 * 1024;

/**
 * Limits that the kernel holds for one process, inherited through exec: memory beyond the watchdog's eye, no file of
 * any size (node:sqlite could create one), no core file, few descriptors. `PWD` would be the one variable in a cell.
 * What follows is the confinement of this host; where nobody found one out, setpriv (util-linux): the cell ends with its
 * gateway, even in an endless loop after a kill -9, and can gain no privilege.
 */
const confine = `ulimit -d "$1" && ulimit -f 0 && ulimit -c 0 && ulimit -n 64 || exit 1
unset PWD OLDPWD; shift
[ "$1" = - ] || exec "$@"
shift
command -v setpriv >/dev/null && exec setpriv --pdeathsig KILL --no-new-privs "$@"
exec "$@"`;

export interface LaunchedCell {
  readonly socket: Duplex;
  /** Of the process that runs the plugin; undefined before it is there and after its end. */
  readonly pid: () => number | undefined;
  readonly kill: () => void;
  /** How the process ended, in words; never rejects. */
  readonly ended: Promise<string>;
}

/**
 * Starts the process of a cell: no environment, no descriptors but the socket pair, read access to its own files.
 * `gently`: at the low priority of a cell from its first instruction on, not only once it has started.
 */
export type Launch = (plan: CellPlan, confinement?: Confinement, gently?: boolean) => Promise<LaunchedCell>;

/** Arguments of the shell that becomes the process. */
export function launchCommand({ name, fence, limits }: CellPlan, confinement?: Confinement): readonly string[] {
  const dataKiB = reservedKiB + Math.ceil(limits.memoryBytes / 1024) + 64 * 1024;
  const before = confinement?.command(name) ?? ['-'];
  return ['-c', confine, 'sh', String(dataKiB), ...before, process.execPath, ...flags(fence, limits), host];
}

/** Starts it from this process: for commands, which are small and serve nobody meanwhile. */
export const launchHere: Launch = (plan, confinement, gently = false) => {
  const forks = confinement?.forks === true;
  const { pid, ...shell } = startShell({ args: launchCommand(plan, confinement), forks, gently });
  return Promise.resolve({ ...shell, pid: () => (forks ? childOf(pid) : pid) });
};

function flags(fence: CellPlan['fence'], limits: CellPlan['limits']): readonly string[] {
  const readable = [
    fence.root,
    import.meta.dirname,
    join(gatewayRoot, 'gateway/lib'),
    join(gatewayRoot, 'contracts'),
    join(gatewayRoot, 'package.json'),
    zodFolder(),
    ...linkedModules(import.meta.dirname),
    ...Object.values(fence.provided).map(dirname),
  ];
  return [
    '--permission',
    ...[...new Set(readable)].map((path) => `--allow-fs-read=${path}`),
    '--disable-sigusr1',
    '--disable-proto=delete',
    '--disallow-code-generation-from-strings',
    '--no-addons',
    '--no-warnings',
    `--max-old-space-size=${Math.max(16, Math.floor(limits.heapBytes / 1_048_576))}`,
    '--max-semi-space-size=2',
    '--v8-pool-size=1',
  ];
}

function zodFolder(): string {
  return dirname(fileURLToPath(import.meta.resolve('zod')));
}

/** A `node_modules` that is a link itself, as in a worktree: Node must be able to follow it on the way to zod. */
function linkedModules(from: string): readonly string[] {
  const found: string[] = [];
  for (let at = from; at !== dirname(at); at = dirname(at)) {
    const candidate = join(at, 'node_modules');
    if (lstatSync(candidate, { throwIfNoEntry: false })?.isSymbolicLink() === true) found.push(candidate);
  }
  return found;
}
