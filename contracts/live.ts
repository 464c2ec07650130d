import type { Measurement } from './message.ts';
import type { TextMeasurement, WrittenMeasurement } from './pipeline.ts';

/** What is known of a record without reading it: what the decode thread told of it is not there for every one. */
export type LiveRecord = WrittenMeasurement & Partial<Pick<TextMeasurement, 'keys' | 'values' | 'ts'>>;

/** Who looks at what was stored. The calls are short, and a throw of one is logged, never passed on. */
export interface LiveSubscriber {
  /** A word for the metrics. */
  readonly name: string;
  /** Asked for each record before anything is parsed; most are none of the subscriber's. */
  wants(record: LiveRecord): boolean;
  /** Tried before `take` where the decode thread told the record's metrics: true when nothing has to be parsed for it. */
  takeUnread?(record: TextMeasurement): boolean;
  take(measurement: Measurement): void;
  /** Nothing more is taken in this turn of the event loop. */
  rest?(): void;
  /** Records were lost because the subscriber fell behind; said before the next one is taken. */
  lost?(): void;
}

/**
 * What was stored, after its commit, in the order of the commits per device. It is for looking, not for keeping: ingest
 * never waits for a subscriber, and one that falls behind loses the oldest telemetry first, counted.
 */
export interface LiveView {
  subscribe(subscriber: LiveSubscriber): Disposable;
}
