import { setFlagsFromString } from 'node:v8';

/** How much garbage may come upon what is in use, in percent of it, before the whole heap is collected. */
const percent = 50;

/**
 * Lets the heaps of this process grow slowly. V8 would let them grow to several times of what is in use before it collects
 * them, more the faster the collector is: right for a server, not for a board with 512 MB (decisions 0150 and 0154).
 */
export function growSlowly(): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
