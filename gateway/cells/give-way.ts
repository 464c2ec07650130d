import { readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/** A tenth of the weight of the gateway's threads: a busy cell gives way to them on every core, and still gets its calls done. */
const priority = constants.priority.PRIORITY_BELOW_NORMAL;

/**
 * Lowers the priority of a process that has started; starting is the gateway's own doing, and has a deadline. Linux keeps
 * a priority per thread, and a later thread has that of the one that makes it (setpriority(2)).
 */
export function giveWay(pid: number): void {
  for (const thread of threadsOf(pid)) {
    try {
      setPriority(thread, priority);
    } catch {
      // It ended meanwhile: then it needs no priority.
    }
  }
}

function threadsOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    // No /proc, as on macOS: the priority is that of the process.
    return [pid];
  }
}
