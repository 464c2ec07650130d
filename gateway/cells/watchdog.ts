import { readFile } from 'node:fs/promises';
import type { Clock } from '../lib/clock.ts';
import type { CellLimits } from './options.ts';

/** What proc(5) says of a process: memory of its own in bytes and CPU time in milliseconds. */
export interface Usage {
  readonly ownBytes: number;
  readonly cpuMs: number;
}

/** USER_HZ: what `/proc/PID/stat` counts in, 100 on every Linux that Node runs on (proc_pid_stat(5)). */
const tickMs = 10;
const everyMs = 200;
/** CPU time may be saved up for so long. */
const savedMs = 10_000;

/**
 * Looks at a process five times a second and says why it must end. Memory counts without what is shared with other
 * processes: `RssAnon` of `/proc/PID/status`. Between two looks the kernel's own limit holds (see launch.ts).
 */
export function watchProcess(
  pidOf: () => number | undefined,
  limits: Pick<CellLimits, 'memoryBytes' | 'cpu'>,
  { clock, onExcess }: { readonly clock: Clock; readonly onExcess: (why: string) => void },
): Disposable {
  const credit = cpuCredit(limits.cpu, clock);
  let looking = false;
  const look = async (): Promise<void> => {
    const pid = pidOf();
    const usage = pid === undefined ? undefined : await usageOf(pid);
    if (usage === undefined) return;
    if (usage.ownBytes > limits.memoryBytes) onExcess('it used more memory than its contract grants');
    else if (!credit(usage.cpuMs)) onExcess('it used more CPU time than its contract grants');
  };
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look().finally(() => {
      looking = false;
    });
  }, everyMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** False when more was used than was granted since the start, with what can be saved up in ten seconds on top. */
export function cpuCredit(share: number | undefined, clock: Clock): (usedMs: number) => boolean {
  if (share === undefined) return () => true;
  // Starting Node and compiling the plugin is the gateway's doing: a second of CPU is free.
  let saved = savedMs * share + 1_000;
  let last = { at: clock.monoMs(), usedMs: 0 };
  return (usedMs) => {
    const now = clock.monoMs();
    saved = Math.min(savedMs * share + 1_000, saved + (now - last.at) * share) - (usedMs - last.usedMs);
    last = { at: now, usedMs };
    return saved >= 0;
  };
}

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
