import { readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/** A tenth of the weight of the gateway's threads: a busy cell gives way to them on every core, and still gets its calls done. */
const priority = constants.priority.PRIORITY_BELOW_NORMAL;

/**
 * Lowers the priority of a process. The first start of a cell is the gateway's own doing, has a deadline, and comes before
 * this; a later one comes after it. Linux keeps a priority per thread, and a later thread or process has that of the one
 * that makes it (setpriority(2)).
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
