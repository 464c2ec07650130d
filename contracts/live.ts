import type { Measurement } from './message.ts';
import type { TextMeasurement, WrittenMeasurement } from './pipeline.ts';

/** What is known of a record without reading it. The keys are those of its metrics, where the decode thread told them. */
export type LiveRecord = Pick<WrittenMeasurement, 'device' | 'kind' | 'text'> & Partial<Pick<TextMeasurement, 'keys'>>;

/** Who looks at what was stored. The calls are short, and a throw of one is logged, never passed on. */
export interface LiveSubscriber {
  /** A word for the metrics. */
  readonly name: string;
  /** Asked for each record before anything is parsed; most are none of the subscriber's. */
  wants(record: LiveRecord): boolean;
  take(measurement: Measurement): void;
  /** Records were lost because the subscriber fell behind; said before the next one is taken. */
  lost?(): void;
}

/**
 * What was stored, after its commit, in the order of the commits per device. It is for looking, not for keeping: a
 * subscriber that falls behind loses the oldest, counted, and ingest never waits for one.
 */
export interface LiveView {
  subscribe(subscriber: LiveSubscriber): Disposable;
}
