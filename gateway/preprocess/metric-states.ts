import type { Kept } from './deadband.ts';
import type { Seen } from './dedupe.ts';
import type { Series } from './counter.ts';

/** What the ordered steps remember about one metric of one device. */
export interface MetricState {
  seen?: Seen;
  kept?: Kept;
  series?: Series;
  /** The series' last value on disk, and when it was written, in monotonic milliseconds. */
  saved?: { readonly last: number; readonly at: number };
}

export type DeviceState = Map<string, MetricState>;

/** Metrics of one device that are remembered. */
const maxMetrics = 2_048;

/**
 * State per device, bounded: two generations of maps, so that a look-up costs one read and the least recently heard half
 * goes at once. `onForget` sees each device that goes.
 */
export interface MetricStates {
  of(device: string, metric: string): MetricState;
  all(): Iterable<readonly [device: string, states: DeviceState]>;
  /** Forgets one device, without `onForget`. */
  forget(device: string): void;
  clear(): void;
}

export function metricStates(
  maxDevices: number,
  onForget: (device: string, states: DeviceState) => void,
): MetricStates {
  let young = new Map<string, DeviceState>();
  let old = new Map<string, DeviceState>();
  // The metrics of a message follow each other.
  let last: { readonly device: string; readonly states: DeviceState } | undefined;
  const perGeneration = Math.max(1, Math.ceil(maxDevices / 2));

  const deviceOf = (device: string): DeviceState => {
    const known = young.get(device);
    if (known !== undefined) return known;
    const returning = old.get(device) ?? new Map<string, MetricState>();
    old.delete(device);
    if (young.size >= perGeneration) {
      for (const [gone, states] of old) onForget(gone, states);
      old = young;
      young = new Map();
    }
    young.set(device, returning);
    return returning;
  };
  return {
    of(device, metric) {
      if (last?.device !== device) last = { device, states: deviceOf(device) };
      const { states } = last;
      const known = states.get(metric);
      if (known !== undefined) return known;
      if (states.size >= maxMetrics) {
        onForget(device, new Map(states));
        states.clear();
      }
      const fresh: MetricState = {};
      states.set(metric, fresh);
      return fresh;
    },
    all: () => [...young, ...old],
    forget(device) {
      last = undefined;
      young.delete(device);
      old.delete(device);
    },
    clear() {
      last = undefined;
      young = new Map();
      old = new Map();
    },
  };
}

/** A metric within its device: endpoint and name. */
export function metricKey({ n, ep }: { readonly n: string; readonly ep?: string | undefined }): string {
  return ep === undefined ? n : `${ep}\n${n}`;
}
