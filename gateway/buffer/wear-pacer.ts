import type { Linger } from './options.ts';

/** Decides how long telemetry waits for company, from the commits of the last minute. */
export interface WearPacer {
  committed(): void;
  lingerMs(): number;
}

const windowMs = 60_000;
const perDay = 86_400_000 / windowMs;

/** Every commit costs a card two pages or more, so a stream of single records wears it more than its bytes suggest. */
export function wearPacer(linger: Linger, now: () => number = () => performance.now()): WearPacer {
  const limit = Math.max(1, linger.commitsPerDay / perDay);
  let windowStart = now();
  let current = 0;
  let previous = 0;
  const roll = (at: number): void => {
    if (at - windowStart < windowMs) return;
    previous = at - windowStart < 2 * windowMs ? current : 0;
    current = 0;
    windowStart = at;
  };
  return {
    committed() {
      roll(now());
      current += 1;
    },
    lingerMs() {
      if (linger.maxMs === 0) return 0;
      const at = now();
      roll(at);
      const share = 1 - (at - windowStart) / windowMs;
      return current + previous * share > limit ? linger.maxMs : 0;
    },
  };
}
