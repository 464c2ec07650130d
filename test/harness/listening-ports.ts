import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A socket that takes what comes from outside. */
export interface OpenPort {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

const numbered = (folder: string): string[] => readdirSync(folder).filter((name) => /^\d+$/.test(name));

/** What a process that is ending was is not asked. */
function read<Result>(ask: () => Result, ended: Result): Result {
  try {
    return ask();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return ended;
    throw error;
  }
}

/** The process with all that it started, and what those started (proc_pid_stat(5): the parent is the second word after the name). */
function familyOf(pid: number): string[] {
  const parents = numbered('/proc').map((one) => {
    const stat = read(() => readFileSync(`/proc/${one}/stat`, 'utf8'), '');
    return [one, stat.slice(stat.lastIndexOf(')')).split(' ')[2]] as const;
  });
  const family = [String(pid)];
  for (const member of family) family.push(...parents.flatMap(([one, parent]) => (parent === member ? [one] : [])));
  return family;
}

function socketsOf(pid: string): string[] {
  const folder = `/proc/${pid}/fd`;
  return read(() => numbered(folder), []).flatMap((fd) => {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(read(() => readlinkSync(`${folder}/${fd}`), '')) ?? [];
    return inode === undefined ? [] : [inode];
  });
}

/** TCP sockets that listen and UDP sockets that are bound, of a process and its children (proc_net(5)). */
export function listeningPorts(pid: number): OpenPort[] {
  const mine = new Set(familyOf(pid).flatMap(socketsOf));
  return (['tcp', 'udp'] as const).flatMap((protocol) => {
    const lines = ['', '6'].flatMap((v) => readFileSync(`/proc/net/${protocol}${v}`, 'utf8').split('\n').slice(1));
    return lines.flatMap((line) => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const isOpen = protocol === 'udp' || state === '0A';
      return isOpen && mine.has(inode) ? [{ protocol, port: Number.parseInt(local.split(':')[1] ?? '', 16) }] : [];
    });
  });
}
