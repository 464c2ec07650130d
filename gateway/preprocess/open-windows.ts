import type { Measurement, Metric } from '../../contracts/message.ts';
import type { SqlRow } from '../../contracts/table-set.ts';
import type { Clock } from '../lib/clock.ts';
import type { Draft } from './draft.ts';
import { metricKey } from './metric-states.ts';
import { absorb, rollupMeasurement, windowStart } from './rollup.ts';
import type { Window } from './rollup.ts';

/** The roll-up windows that are open, each saved with every message that it takes in. */
export interface OpenWindows {
  take(metric: Metric, windowMs: number, of: Measurement, draft: Draft): void;
  /** Closes the windows whose time has passed. */
  closeDue(draft: Draft): void;
  /** Drops the windows of one device without closing them. */
  forget(device: string): void;
  load(rows: readonly SqlRow[]): void;
}

/** Beyond `maxWindows` the oldest window closes early: its values are stored, only its span is short. */
export function openWindows(maxWindows: number, clock: Clock): OpenWindows {
  const windows = new Map<string, Window>();

  const close = (key: string, window: Window, draft: Draft): void => {
    windows.delete(key);
    draft.measurements.push(rollupMeasurement(window, clock.wallMs()));
    draft.writes.push({ statement: 'ingest.dropWindow', params: [window.head.dev.id, metricKey(window.metric)] });
    draft.touched = true;
  };

  return {
    take({ n, v, u, ep }, windowMs, of, draft) {
      if (v === undefined) return;
      const endpoint = ep ?? of.dev.ep;
      const metric = { n, ...(u === undefined ? {} : { u }), ...(endpoint === undefined ? {} : { ep: endpoint }) };
      const place = of.place === undefined ? {} : { place: of.place };
      const head = { dev: of.dev, src: of.src, ...place };
      const within = metricKey(metric);
      const key = `${of.dev.id}\n${within}`;
      const fresh = { start: windowStart(of.rts, windowMs), windowMs, metric, head };
      const { window, closed } = absorb(windows.get(key), v, fresh);
      if (closed !== undefined) close(key, closed, draft);
      const [oldest] = windows;
      if (oldest !== undefined && windows.size >= maxWindows && !windows.has(key)) close(oldest[0], oldest[1], draft);
      windows.set(key, window);
      draft.writes.push({ statement: 'ingest.saveWindow', params: [of.dev.id, within, JSON.stringify(window)] });
      draft.touched = true;
    },
    closeDue(draft) {
      const now = clock.wallMs();
      for (const [key, window] of windows) {
        if (windowStart(now, window.windowMs) !== window.start) close(key, window, draft);
      }
    },
    forget(device) {
      for (const [key, { head }] of windows) if (head.dev.id === device) windows.delete(key);
    },
    load(rows) {
      windows.clear();
      for (const { device, metric, json } of rows) {
        windows.set(`${String(device)}\n${String(metric)}`, JSON.parse(String(json)) as Window);
      }
    },
  };
}
