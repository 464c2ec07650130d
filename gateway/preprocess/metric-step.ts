import type { Measurement, Metric } from '../../contracts/message.ts';
import type { Write } from '../../contracts/table-set.ts';
import { followCounter } from './counter.ts';
import { isWithinDeadband } from './deadband.ts';
import { isDuplicate } from './dedupe.ts';
import type { Seen } from './dedupe.ts';
import type { Draft } from './draft.ts';
import { metricKey } from './metric-states.ts';
import type { MetricState, MetricStates } from './metric-states.ts';
import type { OpenWindows } from './open-windows.ts';
import type { StepOptions } from './options.ts';
import { valueOf } from './text-measurement.ts';

/** One metric of a message through all ordered steps: the metric as it is kept, or the reason for leaving it out. */
export type MetricStep = (metric: Metric, of: Measurement, now: number, draft: Draft) => Metric | string;

/** `isAwaited` names devices of which nothing is left out. */
export function metricStep(
  options: StepOptions,
  states: MetricStates,
  windows: OpenWindows,
  isAwaited: (device: string) => boolean,
): MetricStep {
  const { dedupeMs, counterSaveMs } = options;
  const deadbands = new Map(Object.entries(options.deadband));
  const rollups = new Map(Object.entries(options.rollup));
  return (metric, of, now, draft) => {
    const deadband = deadbands.get(metric.n);
    const rollup = rollups.get(metric.n);
    const isCounter = metric.c === 'total_increasing';
    if (dedupeMs === 0 && deadband === undefined && rollup === undefined && !isCounter) return metric;
    const key = metricKey({ n: metric.n, ep: metric.ep ?? of.dev.ep });
    const state = states.of(of.dev.id, key);
    const value = valueOf(metric);
    const mayDrop = of.cls !== 'alarm' && !isAwaited(of.dev.id);
    if (dedupeMs > 0 && mayDrop) {
      const next = { value, at: now, ts: of.clk === 'source' ? of.ts : undefined };
      if (isRepeated(next, state, of.kind, dedupeMs)) return 'dedupe';
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
}

/** Whether a value came just now; if not, it is what came last, and the state has changed. */
export function isRepeated(
  next: Readonly<Seen>,
  state: MetricState,
  kind: Measurement['kind'],
  windowMs: number,
): boolean {
  const { seen } = state;
  if (isDuplicate(next, seen, kind, windowMs)) return true;
  if (seen === undefined) {
    state.seen = { ...next };
    return false;
  }
  seen.value = next.value;
  seen.at = next.at;
  seen.ts = next.ts;
  return false;
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
  const counted = followCounter(metric, before, of);
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

export function saveSeries(device: string, key: string, { start, last }: { start: number; last: number }): Write {
  return { statement: 'ingest.saveSeries', params: [device, key, start, last] };
}
