import type { Measurement, Metric } from '../../contracts/message.ts';
import type { TextMeasurement } from '../../contracts/pipeline.ts';
import type { SqlRow, Write } from '../../contracts/table-set.ts';
import type { Clock } from '../lib/clock.ts';
import type { Draft } from './draft.ts';
import type { Seen } from './dedupe.ts';
import { isRepeated, metricStep, saveSeries } from './metric-step.ts';
import { metricStates } from './metric-states.ts';
import type { MetricStates } from './metric-states.ts';
import { openWindows } from './open-windows.ts';
import type { StepOptions } from './options.ts';
import { withoutMetrics } from './text-measurement.ts';

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
  /** The same for a message that no step but dedupe looks at. */
  applyToText(measurement: TextMeasurement, draft: Draft): void;
  /** Devices somebody waits to hear from: a value of theirs that repeats the last one is an answer, and is kept. */
  heed(isAwaited: (device: string) => boolean): void;
  /** Closes the roll-up windows whose time has passed. */
  closeWindows(draft: Draft): void;
  load(saved: SavedState): void;
  /** Forgets a device; the writes make that durable. */
  forget(device: string): Write[];
  /** Writes that bring the saved counters up to date, for a clean end. */
  unsaved(): Write[];
}

export function orderedSteps(options: StepOptions, clock: Clock): OrderedSteps {
  const { dedupeMs: windowMs, maxDevices } = options;
  const windows = openWindows(maxDevices * 4, clock);
  let forgotten: Write[] = [];
  const states = metricStates(maxDevices, (device, gone) => {
    for (const [key, { series }] of gone) {
      if (series !== undefined) forgotten.push({ statement: 'ingest.dropSeries', params: [device, key] });
    }
  });

  let isAwaited = (_device: string): boolean => false;
  const step = metricStep(options, states, windows, (device) => isAwaited(device));

  /** The places of the metrics that came just now. */
  const repeatsIn = ({ device, kind, ts, keys, values }: TextMeasurement, draft: Draft): readonly number[] => {
    const next: Seen = { value: null, at: clock.monoMs(), ts };
    let repeats: number[] | undefined;
    for (let index = 0; index < keys.length; index++) {
      next.value = values[index] ?? null;
      if (!isRepeated(next, states.of(device, keys[index] ?? ''), kind, windowMs)) draft.touched = true;
      else if (repeats === undefined) repeats = [index];
      else repeats.push(index);
    }
    return repeats ?? nothing;
  };

  const writeForgotten = (draft: Draft): void => {
    if (forgotten.length === 0) return;
    draft.writes.push(...forgotten);
    forgotten = [];
  };

  return {
    apply(measurement, draft) {
      const now = clock.monoMs();
      const kept: Metric[] = [];
      const reasons: string[] = [];
      for (const metric of measurement.m) {
        const outcome = step(metric, measurement, now, draft);
        if (typeof outcome === 'string') reasons.push(outcome);
        else kept.push(outcome);
      }
      const [reason] = reasons;
      if (reason !== undefined && kept.length === 0) leaveOut(measurement.dev.id, reason, draft);
      else draft.measurements.push({ ...measurement, m: kept });
      if (kept.length > 0) for (const one of reasons) countDropped(draft, one, 1);
      writeForgotten(draft);
    },
    applyToText(measurement, draft) {
      const keepsAll = windowMs === 0 || measurement.cls === 'alarm' || isAwaited(measurement.device);
      const repeats = keepsAll ? nothing : repeatsIn(measurement, draft);
      if (repeats.length === 0) draft.measurements.push(measurement);
      else if (repeats.length === measurement.keys.length) leaveOut(measurement.device, 'dedupe', draft);
      else {
        draft.measurements.push(withoutMetrics(measurement, repeats));
        countDropped(draft, 'dedupe', repeats.length);
      }
      writeForgotten(draft);
    },
    heed(one) {
      isAwaited = one;
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
    forget(device) {
      states.forget(device);
      windows.forget(device);
      return [
        { statement: 'ingest.dropDeviceSeries', params: [device] },
        { statement: 'ingest.dropDeviceWindows', params: [device] },
      ];
    },
    unsaved: () => [...forgotten, ...unsavedSeries(states)],
  };
}

function unsavedSeries(states: MetricStates): Write[] {
  const writes: Write[] = [];
  for (const [device, metrics] of states.all()) {
    for (const [key, { series, saved }] of metrics) {
      if (series !== undefined && saved !== undefined && saved.last !== series.last)
        writes.push(saveSeries(device, key, series));
    }
  }
  return writes;
}

const nothing: readonly never[] = [];

/** A message with nothing left is one filtered record; one with something left tells what it lost. */
function leaveOut(device: string, reason: string, draft: Draft): void {
  draft.filtered.push({ device, reason, count: 1 });
}

function countDropped({ dropped }: Draft, reason: string, count: number): void {
  dropped.set(reason, (dropped.get(reason) ?? 0) + count);
}
