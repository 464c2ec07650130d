import { readFile } from 'node:fs/promises';

/** What proc(5) says of a process: memory of its own in bytes and CPU time in milliseconds. */
export interface Usage {
  readonly ownBytes: number;
  readonly cpuMs: number;
}

/** USER_HZ: what `/proc/PID/stat` counts in, 100 on every Linux that Node runs on (proc_pid_stat(5)). */
const tickMs = 10;

/** Undefined when there is no such process or no /proc (other systems have the deadlines and the heap flag alone). */
export async function usageOf(pid: number): Promise<Usage | undefined> {
  try {
    const [status, stat] = await Promise.all([
      readFile(`/proc/${pid}/status`, 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ]);
    const kib = /^RssAnon:\s*(\d+) kB$/m.exec(status)?.[1];
    // After the command name, which may hold anything: state is field 3, utime 14, stime 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { ownBytes: Number(kib ?? 0) * 1024, cpuMs: (Number(fields[11]) + Number(fields[12])) * tickMs };
  } catch {
    return undefined;
  }
}
