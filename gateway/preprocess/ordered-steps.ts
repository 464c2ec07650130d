import type { Measurement, Metric, Scalar } from '../../contracts/message.ts';
import type { SqlRow, Write } from '../../contracts/table-set.ts';
import type { Clock } from '../lib/clock.ts';
import { followCounter } from './counter.ts';
import { isWithinDeadband } from './deadband.ts';
import { isDuplicate } from './dedupe.ts';
import type { Draft } from './draft.ts';
import { metricKey, metricStates } from './metric-states.ts';
import type { MetricState } from './metric-states.ts';
import { openWindows } from './open-windows.ts';
import { needsOrder } from './needs-order.ts';
import type { StepOptions } from './options.ts';

/** The rows from which the durable part of the state starts. */
export interface SavedState {
  readonly series: readonly SqlRow[];
  readonly windows: readonly SqlRow[];
}

/**
 * The steps that need order and state per device: dedupe, counters, roll-up windows, deadband. They run on one thread,
 * in order of arrival. `apply` changes the state at once; when the draft's commit fails, `load` puts the durable state
 * back and forgets the rest, so that a message that comes again is not taken for a duplicate of one that was never kept.
 */
export interface OrderedSteps {
  apply(measurement: Measurement, draft: Draft): void;
  /** Closes the roll-up windows whose time has passed. */
  closeWindows(draft: Draft): void;
  load(saved: SavedState): void;
  /** Writes that bring the saved counters up to date, for a clean end. */
  unsaved(): Write[];
}

export function orderedSteps(options: StepOptions, clock: Clock): OrderedSteps {
  const { dedupeMs, counterSaveMs, maxDevices } = options;
  const deadbands = new Map(Object.entries(options.deadband));
  const rollups = new Map(Object.entries(options.rollup));
  const isTouched = needsOrder(options);
  const windows = openWindows(maxDevices * 4, clock);
  let forgotten: Write[] = [];
  const states = metricStates(maxDevices, (device, gone) => {
    for (const [key, { series }] of gone) {
      if (series !== undefined) forgotten.push({ statement: 'ingest.dropSeries', params: [device, key] });
    }
  });

  /** The metric as it is kept, or the reason for leaving it out. */
  const step = (metric: Metric, of: Measurement, now: number, draft: Draft): Metric | string => {
    const deadband = deadbands.get(metric.n);
    const rollup = rollups.get(metric.n);
    const isCounter = metric.c === 'total_increasing';
    if (dedupeMs === 0 && deadband === undefined && rollup === undefined && !isCounter) return metric;
    const key = metricKey({ n: metric.n, ep: metric.ep ?? of.dev.ep });
    const state = states.of(of.dev.id, key);
    const value = valueOf(metric);
    const mayDrop = of.cls !== 'alarm';
    if (dedupeMs > 0 && mayDrop) {
      const next = { value, at: now, ts: of.clk === 'source' ? of.ts : undefined };
      if (isDuplicate(next, state.seen, of.kind, dedupeMs)) return 'dedupe';
      state.seen = next;
      draft.touched = true;
    }
    const kept = isCounter ? count(metric, { state, of, key, now, saveMs: counterSaveMs }, draft) : metric;
    if (!mayDrop || (of.kind !== 'telemetry' && of.kind !== 'state')) return kept;
    if (rollup !== undefined && kept.v !== undefined) {
      windows.take(kept, rollup.windowMs, of, draft);
      if (rollup.keepRaw !== true) return 'rollup';
    }
    if (deadband === undefined) return kept;
    if (isWithinDeadband(value, state.kept, deadband, now)) return 'deadband';
    state.kept = { value, at: now };
    draft.touched = true;
    return kept;
  };

  const applySteps = (measurement: Measurement, draft: Draft): void => {
    const now = clock.monoMs();
    const kept: Metric[] = [];
    const reasons: string[] = [];
    for (const metric of measurement.m) {
      const outcome = step(metric, measurement, now, draft);
      if (typeof outcome === 'string') reasons.push(outcome);
      else kept.push(outcome);
    }
    settle(measurement, kept, reasons, draft);
    if (forgotten.length === 0) return;
    draft.writes.push(...forgotten);
    forgotten = [];
  };

  return {
    apply(measurement, draft) {
      if (isTouched(measurement.m)) applySteps(measurement, draft);
      else draft.measurements.push(measurement);
    },
    closeWindows: (draft) => windows.closeDue(draft),
    load(saved) {
      states.clear();
      forgotten = [];
      for (const { device, metric, start, last } of saved.series) {
        const series = { start: Number(start), last: Number(last), ts: Number(start) };
        states.of(String(device), String(metric)).series = series;
      }
      windows.load(saved.windows);
    },
    unsaved() {
      const writes = [...forgotten];
      for (const [device, metrics] of states.all()) {
        for (const [key, { series, saved }] of metrics) {
          if (series !== undefined && saved !== undefined && saved.last !== series.last)
            writes.push(saveSeries(device, key, series));
        }
      }
      return writes;
    },
  };
}

/** A message with nothing left is one filtered record; a message with something left tells what it lost. */
function settle(measurement: Measurement, kept: Metric[], reasons: readonly string[], draft: Draft): void {
  const [reason] = reasons;
  if (reason === undefined) {
    draft.measurements.push({ ...measurement, m: kept });
  } else if (kept.length === 0) {
    draft.filtered.push({ device: measurement.dev.id, reason, count: 1 });
  } else {
    draft.measurements.push({ ...measurement, m: kept });
    for (const name of reasons) draft.dropped.set(name, (draft.dropped.get(name) ?? 0) + 1);
  }
}

interface Counting {
  readonly state: MetricState;
  readonly of: Measurement;
  readonly key: string;
  readonly now: number;
  readonly saveMs: number;
}

function count(metric: Metric, { state, of, key, now, saveMs }: Counting, draft: Draft): Metric {
  const before = state.series;
  const counted = followCounter(metric, before, of.ts);
  const after = counted.series;
  if (after === undefined || after === before) return counted.metric;
  state.series = after;
  draft.touched = true;
  if (state.saved === undefined || now - state.saved.at >= saveMs || after.start !== before?.start) {
    state.saved = { last: after.last, at: now };
    draft.writes.push(saveSeries(of.dev.id, key, after));
  }
  return counted.metric;
}

function saveSeries(device: string, key: string, { start, last }: { start: number; last: number }): Write {
  return { statement: 'ingest.saveSeries', params: [device, key, start, last] };
}

function valueOf({ v, vb, vs, q, raw }: Metric): Scalar {
  return v ?? vb ?? vs ?? `${q} ${raw}`;
}
