/** How much of the history is kept. */
export interface TwinBounds {
  /** Changes kept of one device, and of all together: with many devices each keeps less, but at least `leastPerDevice`. */
  readonly maxPerDevice: number;
  readonly maxChanges: number;
  readonly leastPerDevice: number;
  /** Older changes go with the next one of their device. */
  readonly ageMs: number;
  /** Changes that wait in memory for the disk, after a commit failed. */
  readonly maxOwed: number;
}

export const defaultBounds: TwinBounds = {
  maxPerDevice: 200,
  maxChanges: 100_000,
  leastPerDevice: 10,
  ageMs: 90 * 86_400_000,
  maxOwed: 1_000,
};

/** Changes that a device may keep beside so many others. */
export function depthOf({ maxPerDevice, maxChanges, leastPerDevice }: TwinBounds, devices: number): number {
  return Math.max(leastPerDevice, Math.min(maxPerDevice, Math.floor(maxChanges / Math.max(1, devices))));
}
