import type { Metric } from '../../contracts/message.ts';
import { isLate, type Told } from '../lib/late.ts';

/** A running counter: when its series began, its last value, and the source time of that value. */
export interface Series {
  readonly start: number;
  readonly last: number;
  readonly ts: number;
}

export interface Counted {
  readonly metric: Metric;
  readonly series: Series | undefined;
}

/** A drop smaller than this share of the value is an inaccuracy of the source, not a reset (as Home Assistant has it). */
const dipShare = 0.1;

/**
 * Gives a `total_increasing` metric the start of its series. A counter that fell was reset: a new series begins, so
 * that nobody computes a negative use. A small dip carries no value (`out_of_range`), for the same reason. A value that
 * comes late belongs to the running series and changes nothing. A start told by the source is believed.
 */
export function followCounter(metric: Metric, series: Series | undefined, told: Told): Counted {
  const { v } = metric;
  const { ts } = told;
  if (metric.c !== 'total_increasing' || v === undefined) return { metric, series };
  if (v < 0) return { metric: withoutValue(metric, v), series };
  if (metric.st !== undefined) {
    const late = series !== undefined && (metric.st < series.start || (metric.st === series.start && ts < series.ts));
    return { metric, series: late ? series : { start: metric.st, last: v, ts } };
  }
  if (series === undefined) return inSeries(metric, { start: ts, last: v, ts });
  if (isLate(told, series.ts)) return { metric: { ...metric, st: Math.min(series.start, ts) }, series };
  if (v >= series.last) return inSeries(metric, { start: series.start, last: v, ts });
  if (v >= series.last * (1 - dipShare)) {
    return { metric: { ...withoutValue(metric, v), st: series.start }, series };
  }
  return inSeries(metric, { start: ts, last: v, ts });
}

function inSeries(metric: Metric, series: Series): Counted {
  return { metric: { ...metric, st: series.start }, series };
}

function withoutValue(metric: Metric, value: number): Metric {
  const { v, ...rest } = metric;
  return { ...rest, q: 'out_of_range', raw: rest.raw ?? v ?? value };
}
