import type { HistoryMetric, HistoryPoint } from '../../../contracts/history.ts';
import { call, type GatewayOptions } from '../call-gateway.ts';

export const resolutions = ['samples', '5m', '1h'] as const;
export type Resolution = (typeof resolutions)[number];

export interface ExportWant {
  readonly from: string;
  readonly to?: string;
  readonly device: string | undefined;
  readonly resolution: Resolution;
}

/** One sample or slot; of a text `value`, `min`, `max` and `mean` are null, of anything else `text` is. */
export interface ExportRow {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly device: string;
  readonly metric: string;
  readonly unit: string;
  readonly value: number | null;
  readonly text: string | null;
  readonly count: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  readonly increase: number | null;
}

interface Page {
  readonly unit: string;
  readonly points: readonly HistoryPoint[];
  readonly next: string | null;
}

interface DevicePage {
  readonly devices: readonly { readonly id: string }[];
  readonly next: string | null;
}

/** Pages of rows, device by device and metric by metric; no more than one page is in memory. */
export async function* exportPages(options: GatewayOptions, want: ExportWant): AsyncGenerator<readonly ExportRow[]> {
  const { from, to = new Date().toISOString(), resolution } = want;
  for await (const device of devices(options, want.device)) {
    const query = new URLSearchParams({ device });
    const path = `/api/v1/history/metrics?${query.toString()}`;
    const { metrics } = await call<{ metrics: HistoryMetric[] }>(options, 'GET', path);
    for (const metric of new Set(metrics.map((one) => one.metric))) {
      const asked = new URLSearchParams({ device, metric, from, to, resolution });
      for (let next: string | null = ''; next !== null;) {
        if (next !== '') asked.set('cursor', next);
        const page: Page = await call<Page>(options, 'GET', `/api/v1/history/pages?${asked.toString()}`);
        yield page.points.map((point) => rowOf(device, metric, page.unit, point));
        ({ next } = page);
      }
    }
  }
}

async function* devices(options: GatewayOptions, only: string | undefined): AsyncGenerator<string> {
  if (only !== undefined) {
    yield only;
    return;
  }
  for (let next: string | null = ''; next !== null;) {
    const query = new URLSearchParams({ limit: '500', ...(next !== '' && { cursor: next }) });
    const page: DevicePage = await call<DevicePage>(options, 'GET', `/api/v1/devices?${query.toString()}`);
    for (const { id } of page.devices) yield id;
    ({ next } = page);
  }
}

function rowOf(device: string, metric: string, unit: string, point: HistoryPoint): ExportRow {
  const { at, count, last, min = null, max = null, mean = null, increase = null } = point;
  const text = typeof last === 'string' ? last : null;
  const value = text === null ? Number(last) : null;
  return { time: at, device, metric, unit, value, text, count, min, max, mean, increase };
}
