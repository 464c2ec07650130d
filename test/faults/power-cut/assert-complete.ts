import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { randomFrom } from '../harness/random.ts';
import type { Disk } from './disk.ts';

/**
 * A log that misses a change would prove nothing: what all of it makes is what the processes left. `rebuilt` is a
 * folder that must not be there yet; what was made without the log's knowledge is not looked for.
 */
export function assertComplete(disk: Disk, left: string, rebuilt: string): void {
  mkdirSync(rebuilt);
  // All is kept, so nothing is left to chance.
  disk.writeTo(rebuilt, 'kept', randomFrom(0));
  for (const { name, parentPath } of readdirSync(rebuilt, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )) {
    // Mapped, and made anew from the log at the next start.
    if (name.endsWith('-shm')) continue;
    const made = join(parentPath, name);
    const same = readFileSync(made).equals(readFileSync(join(left, relative(rebuilt, made))));
    if (!same) throw new Error(`the log of the disk misses a change of ${name}`);
  }
}
