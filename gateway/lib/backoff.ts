/** Milliseconds. `stableMs` is how long things must go well before the next failure counts as the first again. */
export interface BackoffPolicy {
  readonly firstMs: number;
  readonly ceilingMs: number;
  readonly floorMs: number;
  readonly stableMs: number;
}

/** A gateway finds a link that came back within a minute, and a thousand gateways do not all try at once. */
export const defaultBackoff: BackoffPolicy = { firstMs: 500, ceilingMs: 60_000, floorMs: 50, stableMs: 60_000 };

/**
 * Exponential backoff with full jitter: a uniform draw between the floor and `firstMs * 2^attempt`, capped. The floor
 * keeps an unlucky draw from becoming a hot loop. `attempt` counts from 0, `random` gives [0, 1).
 */
export function backoffMs(attempt: number, policy: BackoffPolicy, random: () => number): number {
  const span = Math.min(policy.ceilingMs, policy.firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(policy.floorMs + random() * Math.max(0, span - policy.floorMs));
}
