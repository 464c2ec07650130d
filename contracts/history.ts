/**
 * What was measured, asked per device and metric. Times are wall time in milliseconds, `from` inclusive and `to`
 * exclusive, by the source's time where it told one. `metric` is the name of the message (`temperature`), with the
 * endpoint behind it where there is one (`power@1`); the unit is that of the message, never converted.
 */
export interface HistoryQuery {
  readonly device: string;
  readonly metric: string;
  readonly from: number;
  readonly to: number;
  /** At most so many points are answered; 1 to 10,000. */
  readonly limit: number;
}

export type HistoryValue = number | boolean | string;

/** What is known of one sample, or of all samples of one slot of time. Slots without a sample are left out. */
export interface HistoryPoint {
  /** Of a sample its time, of a slot its begin; a slot is as long as the answer's `resolutionMs`. */
  readonly at: number;
  readonly count: number;
  /** The latest value by time. */
  readonly last: HistoryValue;
  /** Of numbers, and of true and false as 1 and 0; a text has none of them. */
  readonly min?: number;
  readonly max?: number;
  readonly mean?: number;
  /** Of a counter: by how much it went on since the sample before, a reset counted from zero. */
  readonly increase?: number;
}

export interface HistoryAnswer {
  readonly device: string;
  readonly metric: string;
  readonly unit?: string;
  /** 0: `points` are the samples themselves. Else the length of a slot, which begins at a multiple of it since 1970. */
  readonly resolutionMs: number;
  /** By time, oldest first. */
  readonly points: readonly HistoryPoint[];
}

/** One metric that history has of a device. */
export interface HistoryMetric {
  readonly metric: string;
  readonly type: 'number' | 'boolean' | 'text';
  readonly unit?: string;
  readonly counter: boolean;
}

export interface HistoryReader {
  /**
   * Every sample where no more than `limit` are in the range and samples of then are still kept; else slots of one
   * length. What was acknowledged before the call is in the answer. Rejects with COMMAND_INVALID for a range that is
   * none, with NOT_FOUND for a device or metric that history does not know.
   */
  query(query: HistoryQuery): Promise<HistoryAnswer>;
  /** Empty for a device that history does not know. */
  metrics(device: string): Promise<readonly HistoryMetric[]>;
}
