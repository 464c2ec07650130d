/** Notices that ended and can still be seen. */
export const keptNotices = 2_000;

export interface NotifyBounds {
  /** Notices that wait. */
  readonly maxWaiting: number;
  /** A notice that nobody took for so long, in lived time, is given up. */
  readonly maxAgeMs: number;
  /** Alarms of which it is remembered who was told. */
  readonly maxTold: number;
  readonly maxContacts: number;
  /** Notices in one message. */
  readonly together: number;
  /** How long nobody is told again of the same alarm; of a critical one, the shorter. */
  readonly restMs: number;
  readonly criticalRestMs: number;
  /** How long one message may take. */
  readonly sendMs: number;
}

export const defaultBounds: NotifyBounds = {
  maxWaiting: 5_000,
  maxAgeMs: 48 * 3_600_000,
  maxTold: 2_000,
  maxContacts: 500,
  together: 50,
  restMs: 300_000,
  criticalRestMs: 30_000,
  sendMs: 30_000,
};
