/** What one alarm remembers of itself. */
export const logPerAlarm = 100;

export interface AlarmBounds {
  /** Alarms that are not cleared. */
  readonly maxOpen: number;
  /** Cleared alarms that a new raise opens again, and for how long. */
  readonly maxRecent: number;
  readonly flapMs: number;
  /** Cleared alarms that are remembered. */
  readonly maxEnded: number;
  readonly endedAgeMs: number;
  /** Changes that wait for the disk. */
  readonly maxUnwritten: number;
  /** Changes of one alarm that go to the disk at once; further ones are gathered, one more for each rest. */
  readonly burst: number;
  readonly restMs: number;
  /** How long a condition of an earlier life of the gateway has to be told again. */
  readonly graceMs: number;
}

export const defaultBounds: AlarmBounds = {
  maxOpen: 2_000,
  maxRecent: 1_000,
  flapMs: 600_000,
  maxEnded: 10_000,
  endedAgeMs: 365 * 86_400_000,
  maxUnwritten: 4_000,
  burst: 6,
  restMs: 30_000,
  graceMs: 120_000,
};
