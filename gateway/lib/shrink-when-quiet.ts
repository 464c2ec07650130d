import { compactHeap } from './compact-heap.ts';

export interface QuietOptions {
  /** First look after so long, and the time between two. */
  readonly firstMs: number;
  readonly everyMs: number;
  /** Fewer pieces of work than this between two looks, and the thread is quiet. */
  readonly pieces: number;
}

/** A house of a few hundred devices stays below; what comes to fill a core does not. */
const usual: QuietOptions = { firstMs: 10_000, everyMs: 60_000, pieces: 1_000 };

/**
 * Gives back, once, what starting made this thread's nursery grow to, when it turns out to have little work; a busy one
 * keeps it and is looked at again. Returns what is to be called with each piece of work.
 */
export function shrinkWhenQuiet({ firstMs, everyMs, pieces }: QuietOptions = usual): () => void {
  let done = 0;
  const look = (): void => {
    if (done < pieces) return compactHeap();
    done = 0;
    setTimeout(look, everyMs).unref();
  };
  setTimeout(look, firstMs).unref();
  return () => void (done += 1);
}
