/**
 * Two clocks, never mixed: wall time in milliseconds since 1970 may jump either way and is only for showing and for
 * stamping; monotonic milliseconds order events and measure waits.
 */
export interface Clock {
  wallMs(): number;
  monoMs(): number;
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monoMs: () => performance.now(),
};
