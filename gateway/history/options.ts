/** How long and in how much room each tier is kept; the oldest go first, whichever bound is reached first. */
export interface HistoryOptions {
  /** Of samples, of five-minute and of hourly roll-ups, in gateway uptime. */
  readonly keepMs: readonly [samples: number, fiveMinutes: number, hours: number];
  readonly maxBytes: number;
  /** Samples are written when the first of them has waited so long, in gateway uptime. */
  readonly gatherMs: number;
}

/** Lengths of the slots of each tier; 0 is of samples. */
export const tierLengths = [0, 5 * 60_000, 60 * 60_000] as const;
export type Tier = 0 | 1 | 2;
export const tiers: readonly Tier[] = [0, 1, 2];

/** Shares of `maxBytes`. */
export const tierShares = [0.6, 0.25, 0.15] as const;

/** Devices are spread over so many shards, so that a question opens a part of what was written together. */
export const shardCount = 16;

export const historyBounds = {
  /** Metrics of all devices, and of one. */
  maxSeries: 20_000,
  maxPerDevice: 256,
  /** Samples in memory before they are written; so many again may be on their way to the disk. */
  maxGathered: 100_000,
  /** A longer text is no state. */
  maxTextLength: 64,
};
