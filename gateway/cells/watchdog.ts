import type { Clock } from '../lib/clock.ts';
import { usageOf } from '../lib/process-usage.ts';
import type { CellLimits } from './options.ts';

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
