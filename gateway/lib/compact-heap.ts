import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Collects all garbage of this thread once and gives the memory back to the system. Starting leaves a third of the heap
 * as garbage (sources, schemas, a grown nursery) that a gateway with little traffic would keep for hours. The flag is the
 * whole process's: of two threads that do this in the same moment one may find it gone, and keeps its garbage.
 */
export function compactHeap(): void {
  // The one flavour that also shrinks the nursery.
  collector()?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
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
