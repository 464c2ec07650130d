/** Addresses of what history answers (`contracts/history.ts`). */
export const metricsPath = (device: string): string => `/api/v1/history/metrics?device=${encodeURIComponent(device)}`;

export function historyPath(device: string, metric: string, from: number, points: number): string {
  const query = new URLSearchParams({ device, metric, from: String(from), points: String(points) });
  return `/api/v1/history?${query}`;
}
