export interface Loss {
  /** Acknowledged messages that never came. */
  readonly lost: number;
  readonly of: number;
}

/** Numbers whose answer was there before a moment; both in nanoseconds of CLOCK_MONOTONIC. */
export const acknowledgedBefore = (answeredNs: ReadonlyMap<number, bigint>, moment: bigint): ReadonlySet<number> =>
  new Set([...answeredNs].flatMap(([n, at]) => (at < moment ? [n] : [])));

export const lostOf = (promised: ReadonlySet<number>, came: ReadonlySet<number>): Loss => ({
  lost: promised.difference(came).size,
  of: promised.size,
});
