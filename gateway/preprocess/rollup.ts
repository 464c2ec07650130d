import type { Measurement, Metric } from '../../contracts/message.ts';

/** An open window of one metric of one device. `head` is the message that last fed it, without its metrics. */
export interface Window {
  readonly start: number;
  readonly windowMs: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly count: number;
  readonly metric: Pick<Metric, 'n' | 'u' | 'ep'>;
  readonly head: Pick<Measurement, 'dev' | 'src' | 'place'>;
}

/** The start of the window that a moment falls into, aligned to wall time. */
export function windowStart(wallMs: number, windowMs: number): number {
  return Math.floor(wallMs / windowMs) * windowMs;
}

/**
 * Takes a value in. A window of another time, or of another unit, is closed first: a wall clock that jumps either way
 * closes windows early and never keeps one open.
 */
export function absorb(
  open: Window | undefined,
  value: number,
  fresh: Omit<Window, 'min' | 'max' | 'sum' | 'count'>,
): { readonly window: Window; readonly closed: Window | undefined } {
  const same = open?.start === fresh.start && open.windowMs === fresh.windowMs && open.metric.u === fresh.metric.u;
  if (open === undefined || !same) {
    return { window: { ...fresh, min: value, max: value, sum: value, count: 1 }, closed: open };
  }
  const { min, max, sum, count } = open;
  const window = {
    ...fresh,
    min: Math.min(min, value),
    max: Math.max(max, value),
    sum: sum + value,
    count: count + 1,
  };
  return { window, closed: undefined };
}

/** A closed window as a measurement: its time is its end, its metrics are `<name>.min`, `.max`, `.mean` and `.count`. */
export function rollupMeasurement(window: Window, receivedAt: number): Measurement {
  const { n, ...rest } = window.metric;
  const { min, max, sum, count } = window;
  return {
    kind: 'telemetry',
    cls: 'telemetry',
    ...window.head,
    ts: window.start + window.windowMs,
    rts: receivedAt,
    clk: 'gateway',
    m: [
      { n: `${n}.min`, v: min, ...rest },
      { n: `${n}.max`, v: max, ...rest },
      { n: `${n}.mean`, v: Math.min(max, Math.max(min, sum / count)), ...rest },
      { n: `${n}.count`, v: count, ...(rest.ep === undefined ? {} : { ep: rest.ep }) },
    ],
  };
}
