import type { Clock } from '../lib/clock.ts';

/** A wall clock that is read in whole milliseconds is behind by less than this. */
const grainMs = 1;

/**
 * Wall time with the resolution of the monotonic clock, in milliseconds, so that spans of a millisecond have a length
 * and an order. A wall clock that was set is followed at the next reading.
 */
export function steadyWall(clock: Clock): () => number {
  let offset = -Infinity;
  return () => {
    const mono = clock.monoMs();
    const seen = clock.wallMs() - mono;
    if (seen > offset || seen < offset - 2 * grainMs) offset = seen;
    return mono + offset;
  };
}
