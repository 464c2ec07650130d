import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** So many collections must a compiled function live through unused before it is let go; V8's own figure. */
const usualAge = 6;

/**
 * Collects all garbage of this thread once and gives the memory back to the system. Starting leaves a third of the heap
 * as garbage (sources, schemas, a grown nursery, compiled functions that will not run again) that a gateway with little
 * traffic would keep for hours; what does run again is compiled again. The flags are the whole process's: of two threads
 * that do this in the same moment one may find them gone, and keeps its garbage.
 */
export function compactHeap(): void {
  setFlagsFromString('--bytecode-old-age=1');
  // The one flavour that also shrinks the nursery. It collects more than once, so that functions do grow old.
  collector()?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  setFlagsFromString(`--bytecode-old-age=${usualAge}`);
}

/** Collects all garbage of this thread once; the nursery stays as large as it is. */
export function collectHeap(): void {
  collector()?.({ type: 'major', execution: 'sync' });
}

function collector(): NodeJS.GCFunction | undefined {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('globalThis.gc') as NodeJS.GCFunction | undefined;
  setFlagsFromString('--no-expose-gc');
  return collect;
}
