/** Answers of `/api/v1/history`. */
export interface HistoryPoint {
  readonly at: number;
  readonly count: number;
  readonly last: number | boolean | string;
  readonly min?: number;
  readonly max?: number;
  readonly mean?: number;
}
export interface History {
  readonly unit?: string;
  readonly resolutionMs: number;
  readonly points: readonly HistoryPoint[];
}
export interface HistoryMetric {
  readonly metric: string;
  readonly type: 'number' | 'boolean' | 'text';
  readonly unit?: string;
  readonly counter: boolean;
}

export const metricsPath = (device: string): string => `/api/v1/history/metrics?device=${encodeURIComponent(device)}`;

export function historyPath(device: string, metric: string, from: number, points: number): string {
  const query = new URLSearchParams({ device, metric, from: String(from), points: String(points) });
  return `/api/v1/history?${query}`;
}
