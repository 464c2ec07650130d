import type { HistoryMetric } from '../../contracts/history.ts';
import type { Tier } from './options.ts';
import type { ValueType } from './samples.ts';
import type { Slot } from './slots.ts';

/** What the main thread asks of the half that follows the log in the writer thread. */
export type Question =
  | { readonly ask: 'metrics'; readonly device: string }
  | { readonly ask: 'find'; readonly device: string; readonly metric: string }
  | ScanQuestion
  | { readonly ask: 'forget'; readonly device: string }
  | { readonly ask: 'stats' };

export interface SeriesFound {
  readonly id: number;
  readonly type: ValueType;
  readonly unit: string;
  readonly counter: boolean;
}

/** `keptFrom`: a range that begins earlier may miss what was dropped, tier by tier. */
export interface Found {
  readonly series: readonly SeriesFound[];
  readonly keptFrom: readonly [number, number, number];
}

/** Where a scan stands; given back as it came. */
export interface Place {
  readonly tier: Tier;
  readonly after: number;
  /** The newest block when the scan began. */
  readonly newest: number;
  /** Up to which block tiers 0 and 1 were rolled up then. */
  readonly rolledUp: readonly [number, number];
}

export interface ScanQuestion {
  readonly ask: 'scan';
  readonly device: string;
  readonly series: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly tier: Tier;
  /** Length of the slots of the answer, or 0 for the samples themselves, which only tier 0 has. */
  readonly slotMs: number;
  readonly place?: Place;
}

/** Samples in the order in which they came, in step. `increases` is empty for what is no counter. */
export interface SampleRun {
  readonly times: readonly number[];
  readonly values: readonly (number | string)[];
  readonly increases: readonly number[];
}

export interface ScanAnswer {
  readonly samples: readonly SampleRun[];
  readonly slots: readonly Slot[];
  /** Undefined at the end. */
  readonly place: Place | undefined;
}

export interface HistoryStats {
  readonly series: number;
  readonly gathered: number;
  /** Values that found no place among the series, and blocks that could not be read, since the start. */
  readonly refused: number;
  readonly damaged: number;
  readonly tiers: readonly { readonly bytes: number; readonly blocks: number }[];
}

export interface Answers {
  metrics: readonly HistoryMetric[];
  find: Found;
  scan: ScanAnswer;
  forget: undefined;
  stats: HistoryStats;
}
