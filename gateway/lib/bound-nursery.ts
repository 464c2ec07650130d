import { PerformanceObserver } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { nurseryBytes } from './nursery-bytes.ts';

/**
 * Keeps the nursery of this thread near a size until it is disposed. V8 lets it double up to 128 MB under load and hardly
 * gives it back. Its limit can only be set on the command line, but the factor by which it grows is read at each growth.
 * It may overshoot: the event loop hears of a collection after it. The factor is the whole process's, so that small
 * nurseries of other threads do not grow either while this one is at its bound.
 */
export function boundNursery(bytes: number): Disposable {
  let isBound = false;
  const observer = new PerformanceObserver(() => {
    isBound = nurseryBytes() >= bytes;
    // Each time: a thread that grows its own nursery has set it too.
    setFlagsFromString(`--semi-space-growth-factor=${isBound ? 1 : 2}`);
  });
  observer.observe({ entryTypes: ['gc'] });
  return {
    [Symbol.dispose]() {
      observer.disconnect();
      if (isBound) setFlagsFromString('--semi-space-growth-factor=2');
    },
  };
}
