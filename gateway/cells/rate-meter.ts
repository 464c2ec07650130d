import type { Clock } from '../lib/clock.ts';

/** True while no more than so many came within the running second. */
export function rateMeter(perSecond: number, { monoMs }: Pick<Clock, 'monoMs'>): (count: number) => boolean {
  let second = 0;
  let seen = 0;
  return (count) => {
    const now = Math.floor(monoMs() / 1_000);
    if (now !== second) seen = 0;
    second = now;
    seen += count;
    return seen <= perSecond;
  };
}
