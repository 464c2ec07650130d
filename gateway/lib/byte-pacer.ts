import type { Clock } from './clock.ts';

/**
 * How long to wait until so many more bytes are within the rate; a second's worth may be saved up. What a cell says is
 * read, checked and stored by the gateway's own threads, so a cell that says much is given time instead of answers.
 */
export function bytePacer(perSecond: number, clock: Clock): (bytes: number) => number {
  let saved = perSecond;
  let at = clock.monoMs();
  return (bytes) => {
    const now = clock.monoMs();
    saved = Math.min(perSecond, saved + ((now - at) * perSecond) / 1_000) - bytes;
    at = now;
    return saved >= 0 ? 0 : (-saved * 1_000) / perSecond;
  };
}
