import { setFlagsFromString } from 'node:v8';
import { collectHeap, compactHeap } from './compact-heap.ts';
import { nurseryBytes } from './nursery-bytes.ts';

export interface QuietOptions {
  /** First look after so long, and the time between two. */
  readonly firstMs: number;
  readonly everyMs: number;
  /** Fewer pieces of work than this between two looks, and the thread is quiet; as many within `firstMs`, and it is busy. */
  readonly pieces: number;
}

/** For messages: a house of some hundred devices stays below; what comes to fill a core does not. */
const usual: QuietOptions = { firstMs: 10_000, everyMs: 60_000, pieces: 10_000 };

/**
 * Gives back what starting or work made this thread's nursery grow to, when the thread has little work, and makes it grow
 * again when it has much: by itself V8 does neither. What it returns is told how many pieces of work there were.
 */
export function shrinkWhenQuiet({ firstMs, everyMs, pieces }: QuietOptions = usual): (pieces: number) => void {
  let done = 0;
  let grownBytes: number | undefined;
  let shrunkAt = 0;
  const look = (): void => {
    if (done < pieces) {
      grownBytes = nurseryBytes();
      compactHeap();
      shrunkAt = performance.now();
    } else setTimeout(look, everyMs).unref();
    done = 0;
  };
  setTimeout(look, firstMs).unref();
  return (more) => {
    done += more;
    if (grownBytes === undefined || done < pieces) return;
    const tookMs = performance.now() - shrunkAt;
    [done, shrunkAt] = [0, performance.now()];
    if (tookMs > firstMs) return;
    grow(grownBytes);
    // What survived for it is garbage that nothing else would collect for long.
    collectHeap();
    grownBytes = undefined;
    setTimeout(look, everyMs).unref();
  };
}

/** The nursery doubles when more has survived than it holds: so much is made to survive, for some 30 milliseconds. */
function grow(bytes: number): void {
  const kept: object[] = [];
  for (let made = 0; made < 4 * bytes && nurseryBytes() < bytes; made += 100_000) {
    // The factor is the whole process's: a thread that is at its bound has set it to 1.
    setFlagsFromString('--semi-space-growth-factor=2');
    for (let i = 0; i < 1_000; i++) kept.push(Array.from({ length: 10 }, () => i));
  }
}
