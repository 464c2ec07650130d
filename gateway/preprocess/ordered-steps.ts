import type { Measurement, Metric, Scalar } from '../../contracts/message.ts';
import type { Filtered } from '../../contracts/pipeline.ts';
import type { SqlRow, Write } from '../../contracts/table-set.ts';
import type { Clock } from '../lib/clock.ts';
import { followCounter } from './counter.ts';
import { isWithinDeadband } from './deadband.ts';
import { isDuplicate } from './dedupe.ts';
import { metricStates } from './metric-states.ts';
import type { MetricState } from './metric-states.ts';
import type { StepOptions } from './options.ts';
import { absorb, rollupMeasurement, windowStart } from './rollup.ts';
import type { Window } from './rollup.ts';

/** An entry in the making. `touched` says that state in memory ran ahead of the disk. */
export interface Draft {
  readonly measurements: Measurement[];
  readonly filtered: Filtered[];
  readonly writes: Write[];
  /** Metrics left out of messages that were otherwise kept, by reason. */
  readonly dropped: Map<string, number>;
  touched: boolean;
}

export function newDraft(dropped: Map<string, number>): Draft {
  return { measurements: [], filtered: [], writes: [], dropped, touched: false };
}

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
  /** Closes the windows whose time has passed. */
  closeWindows(draft: Draft): void;
  load(saved: SavedState): void;
  /** Writes that bring the saved counters up to date, for a clean end. */
  unsaved(): Write[];
}

export function orderedSteps(options: StepOptions, clock: Clock): OrderedSteps {
  const { dedupeMs, counterSaveMs, maxDevices } = options;
  const deadbands = new Map(Object.entries(options.deadband));
  const rollups = new Map(Object.entries(options.rollup));
  const mustLook = dedupeMs > 0 || deadbands.size > 0 || rollups.size > 0;
  const maxWindows = maxDevices * 4;
  const windows = new Map<string, Window>();
  let forgotten: Write[] = [];
  const states = metricStates(maxDevices, (device, gone) => {
    for (const [key, { series }] of gone) {
      if (series !== undefined) forgotten.push({ statement: 'ingest.dropSeries', params: [device, key] });
    }
  });

  const close = (key: string, window: Window, draft: Draft): void => {
    windows.delete(key);
    draft.measurements.push(rollupMeasurement(window, clock.wallMs()));
    draft.writes.push({ statement: 'ingest.dropWindow', params: [window.head.dev.id, metricKey(window.metric)] });
    draft.touched = true;
  };

  const rollUp = (metric: Metric, value: number, windowMs: number, of: Measurement, draft: Draft): void => {
    const device = of.dev.id;
    const named = { n: metric.n, ...unitAndEndpoint(metric, of) };
    const place = of.place === undefined ? {} : { place: of.place };
    const key = `${device}\u001f${metricKey(named)}`;
    const fresh = {
      start: windowStart(of.rts, windowMs),
      windowMs,
      metric: named,
      head: { dev: of.dev, src: of.src, ...place },
    };
    const { window, closed } = absorb(windows.get(key), value, fresh);
    if (closed !== undefined) close(key, closed, draft);
    const [oldest] = windows;
    if (oldest !== undefined && windows.size >= maxWindows && !windows.has(key)) close(oldest[0], oldest[1], draft);
    windows.set(key, window);
    const params = [device, metricKey(named), JSON.stringify(window)];
    draft.writes.push({ statement: 'ingest.saveWindow', params });
    draft.touched = true;
  };

  const count = (metric: Metric, state: MetricState, key: string, of: Measurement, draft: Draft): Metric => {
    const before = state.series;
    const counted = followCounter(metric, before, of.ts);
    const after = counted.series;
    if (after === undefined || after === before) return counted.metric;
    state.series = after;
    draft.touched = true;
    const now = clock.monoMs();
    const due = state.savedAt === undefined || now - state.savedAt >= counterSaveMs;
    if (due || after.start !== before?.start) {
      state.savedAt = now;
      draft.writes.push(saveSeries(of.dev.id, key, after));
    }
    return counted.metric;
  };

  /** The metric as it is kept, or the reason for leaving it out. */
  const step = (metric: Metric, of: Measurement, now: number, draft: Draft): Metric | string => {
    const { n } = metric;
    const deadband = deadbands.get(n);
    const rollup = rollups.get(n);
    const isCounter = metric.c === 'total_increasing';
    if (dedupeMs === 0 && deadband === undefined && rollup === undefined && !isCounter) return metric;
    const key = metricKey({ n, ...unitAndEndpoint(metric, of) });
    const state = states.of(of.dev.id, key);
    const value = valueOf(metric);
    const mayDrop = of.cls !== 'alarm';
    if (dedupeMs > 0 && mayDrop) {
      const next = { value, at: now, ts: of.clk === 'source' ? of.ts : undefined };
      if (isDuplicate(next, state.seen, of.kind, dedupeMs)) return 'dedupe';
      state.seen = next;
      draft.touched = true;
    }
    const kept = isCounter ? count(metric, state, key, of, draft) : metric;
    if (!mayDrop || (of.kind !== 'telemetry' && of.kind !== 'state')) return kept;
    if (rollup !== undefined && kept.v !== undefined) {
      rollUp(kept, kept.v, rollup.windowMs, of, draft);
      if (rollup.keepRaw !== true) return 'rollup';
    }
    if (deadband !== undefined) {
      if (isWithinDeadband(value, state.kept, deadband, now)) return 'deadband';
      state.kept = { value, at: now };
      draft.touched = true;
    }
    return kept;
  };

  return {
    apply(measurement, draft) {
      if (!mustLook && !hasCounter(measurement.m)) {
        draft.measurements.push(measurement);
        return;
      }
      const now = clock.monoMs();
      const kept: Metric[] = [];
      const reasons: string[] = [];
      for (const metric of measurement.m) {
        const outcome = step(metric, measurement, now, draft);
        if (typeof outcome === 'string') reasons.push(outcome);
        else kept.push(outcome);
      }
      const [reason] = reasons;
      if (kept.length === 0 && reason !== undefined) {
        draft.filtered.push({ device: measurement.dev.id, reason, count: 1 });
      } else {
        draft.measurements.push(kept.length === 0 ? measurement : { ...measurement, m: kept });
        for (const name of reasons) draft.dropped.set(name, (draft.dropped.get(name) ?? 0) + 1);
      }
      if (forgotten.length > 0) {
        draft.writes.push(...forgotten);
        forgotten = [];
      }
    },
    closeWindows(draft) {
      const now = clock.wallMs();
      for (const [key, window] of windows) {
        if (windowStart(now, window.windowMs) !== window.start) close(key, window, draft);
      }
    },
    load(saved) {
      states.clear();
      windows.clear();
      forgotten = [];
      for (const { device, metric, start, last } of saved.series) {
        const series = { start: Number(start), last: Number(last), ts: Number(start) };
        states.of(String(device), String(metric)).series = series;
      }
      for (const { device, metric, json } of saved.windows) {
        windows.set(`${String(device)}\u001f${String(metric)}`, JSON.parse(String(json)) as Window);
      }
    },
    unsaved() {
      const writes = [...forgotten];
      for (const [device, metrics] of states.all()) {
        for (const [key, { series }] of metrics) {
          if (series !== undefined) writes.push(saveSeries(device, key, series));
        }
      }
      return writes;
    },
  };
}

function saveSeries(device: string, key: string, { start, last }: { start: number; last: number }): Write {
  return { statement: 'ingest.saveSeries', params: [device, key, start, last] };
}

function hasCounter(metrics: readonly Metric[]): boolean {
  for (const metric of metrics) if (metric.c === 'total_increasing') return true;
  return false;
}

function valueOf({ v, vb, vs, q, raw }: Metric): Scalar {
  return v ?? vb ?? vs ?? `${q} ${raw}`;
}

function unitAndEndpoint(metric: Metric, of: Measurement): Pick<Metric, 'u' | 'ep'> {
  const ep = metric.ep ?? of.dev.ep;
  return { ...(metric.u === undefined ? {} : { u: metric.u }), ...(ep === undefined ? {} : { ep }) };
}

/** A metric within its device: endpoint and name. */
function metricKey({ n, ep }: Pick<Metric, 'n' | 'ep'>): string {
  return ep === undefined ? n : `${ep}\u001f${n}`;
}
