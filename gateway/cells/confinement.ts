import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hidingCommand, type Hidden } from './hidden-files.ts';

/** What the kernel can take away from the process of a cell, beside its limits. */
export const kernelWalls = ['network', 'signals', 'ipc', 'files', 'user'] as const;
export type KernelWall = (typeof kernelWalls)[number];

/** How cells are started on this host, found out by trying. */
export interface Confinement {
  /** Programs of util-linux in front of Node, innermost last. */
  readonly command: (plugin: string) => readonly string[];
  readonly walls: readonly KernelWall[];
  /** The program runs in a child of what was started. */
  readonly forks: boolean;
  /** What this host does not give, and why, in a sentence each. */
  readonly missing: readonly string[];
}

/** Group of every cell with a user of its own: it lets them pass through the data folder, and nothing else belongs to it. */
export const cellGroup = 69_999;
/** Users that no distribution gives to anybody (systemd's UIDs-GIDs.md: 65536 to 524287 are unused). */
const users = { first: 70_000, count: 400_000 };

const flagOf = { network: '--net', signals: '--pid', ipc: '--ipc' } as const;
type Namespace = keyof typeof flagOf;
/** Most first: a unit of systemd may let through some kinds of namespaces and not others. */
const choices: readonly (readonly Namespace[])[] = [
  ['network', 'signals', 'ipc'],
  ['network', 'signals'],
  ['network'],
  ['signals', 'ipc'],
  ['signals'],
];

const run = promisify(execFile);
const probeMs = 10_000;

/** Processes of a user who has nothing else: threads of Node count as well. */
const fewestTasks = 32;

/**
 * Tries what this host lets the gateway do: namespaces of the kernel (as root, or in a user namespace of its own), and
 * where it is root a user per plugin. `mustRead` are the folders that a cell reads; where such a user cannot, it stays the
 * gateway's. `hidden` is what they shall not even see. Starts a few processes that end at once; takes some 100 ms.
 */
export async function findConfinement(
  mustRead: readonly string[],
  { isRoot = process.getuid?.() === 0, hidden }: { readonly isRoot?: boolean; readonly hidden?: Hidden } = {},
): Promise<Confinement> {
  const works = async (command: readonly string[], script = 'exit 0'): Promise<string | undefined> => {
    const [program = '', ...args] = [...command, '/bin/sh', '-c', script, 'sh', ...mustRead];
    try {
      await run(program, args, { timeout: probeMs, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } });
      return undefined;
    } catch (error) {
      const said = (error as { stderr?: string; message: string }).stderr?.trim().split('\n')[0];
      return said === undefined || said === '' ? 'it is not installed or was refused' : said.slice(0, 120);
    }
  };
  const missing: string[] = [];
  const privileges = ['setpriv', '--pdeathsig', 'KILL', '--no-new-privs'];
  const noSetpriv = await works(privileges);
  if (noSetpriv !== undefined) missing.push(`privileges can be gained: setpriv (util-linux) says ${noSetpriv}`);
  const none = ['--inh-caps=-all', '--ambient-caps=-all', '--bounding-set=-all'];
  const found = await namespaces(works, isRoot);
  if (!found.names.includes('network')) missing.push(`own network: unshare (util-linux) says ${found.why}`);
  if (!found.names.includes('signals')) missing.push(`own process numbers: unshare (util-linux) says ${found.why}`);
  const before = noSetpriv === undefined && found.command.length > 0 ? privileges.slice(0, 3) : [];
  const closed = 'for one; do test -r "$one" || { echo "$one is closed to other users" >&2; exit 1; }; done';
  const apart = [...before, ...mounting(found.command, isRoot), ...hidingCommand(hidden)];
  // Privileges must be dropped after it, and /proc be of the process numbers that are seen in it.
  const noFiles =
    noSetpriv ??
    (found.names.includes('signals')
      ? await works([...apart, ...privileges, ...none], closed)
      : 'it needs process numbers of its own');
  if (noFiles !== undefined) missing.push(`own view of files: ${noFiles}`);
  const outside = noFiles === undefined ? apart : [...before, ...found.command];
  const dropping = isRoot || noFiles === undefined ? none : [];
  const last = noSetpriv === undefined ? [...privileges, ...dropping] : [];

  const own = (uid: number): readonly string[] => [
    'prlimit',
    `--nproc=${fewestTasks}`,
    ...last,
    '--reuid',
    `${uid}`,
    '--regid',
    `${cellGroup}`,
    '--clear-groups',
  ];
  const noUser = !isRoot
    ? 'only root can give one; the gateway runs as a user of its own instead'
    : noSetpriv === undefined
      ? await works([...outside, ...own(users.first)], closed)
      : noSetpriv;
  if (noUser !== undefined) missing.push(`own user: ${noUser}`);
  const walls: KernelWall[] = [
    ...found.names,
    ...(noFiles === undefined ? (['files'] as const) : []),
    ...(noUser === undefined ? (['user'] as const) : []),
  ];
  return {
    walls,
    missing,
    forks: found.names.includes('signals'),
    command: (plugin) => [...outside, ...(noUser === undefined ? own(userOf(plugin)) : last)],
  };
}

async function namespaces(
  works: (command: readonly string[]) => Promise<string | undefined>,
  isRoot: boolean,
): Promise<{ readonly names: readonly Namespace[]; readonly command: readonly string[]; readonly why: string }> {
  let why = '';
  for (const names of choices) {
    const fork = names.includes('signals') ? ['--fork', '--kill-child=KILL'] : [];
    const mapped = isRoot ? [] : ['--user', '--map-current-user'];
    const command = ['unshare', ...mapped, ...names.map((name) => flagOf[name]), ...fork];
    const refused = await works(command);
    if (refused === undefined) return { names, command, why };
    why = refused;
  }
  return { names: [], command: [], why };
}

/** The same with a mount namespace, and the right to mount in it until privileges are dropped. */
function mounting([unshare = '', ...flags]: readonly string[], isRoot: boolean): readonly string[] {
  return [unshare, '--mount', ...(isRoot ? [] : ['--keep-caps']), ...flags];
}

/** The same plugin has the same user at every start. */
function userOf(plugin: string): number {
  return users.first + (createHash('sha256').update(plugin).digest().readUInt32LE(0) % users.count);
}

/** What a cell reads of the gateway's own program. */
export const cellProgram = join(import.meta.dirname, 'host');
