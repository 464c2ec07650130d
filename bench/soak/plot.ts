/** A curve over minutes, with spans of time in which the cloud was away. */
export interface Curve {
  readonly title: string;
  readonly points: readonly (readonly [atMs: number, value: number])[];
  readonly away: readonly (readonly [fromMs: number, toMs: number])[];
}

const [width, height, left, bottom, top] = [720, 180, 64, 24, 28];

/** An SVG that stands in light and in dark. */
export function plot({ title, points, away }: Curve): string {
  const lastMs = Math.max(1, ...points.map(([at]) => at));
  const most = niceAbove(Math.max(...points.map(([, value]) => value)));
  const x = (ms: number): string => (left + ((width - left - 8) * ms) / lastMs).toFixed(1);
  const y = (value: number): string => (top + (height - top - bottom) * (1 - value / most)).toFixed(1);
  const line = points.map(([at, value]) => `${x(at)},${y(value)}`).join(' ');
  const spans = away.map(
    ([from, to]) =>
      `<rect x="${x(from)}" y="${top}" width="${(Number(x(to)) - Number(x(from))).toFixed(1)}" height="${height - top - bottom}" fill="#d97706" fill-opacity="0.18"/>`,
  );
  const rows = [0, most / 2, most].map(
    (value) =>
      `<path d="M${left} ${y(value)}H${width - 8}" stroke="#888" stroke-opacity="0.3"/><text x="${left - 6}" y="${Number(y(value)) + 4}" text-anchor="end">${value.toLocaleString('en')}</text>`,
  );
  const minutes = ['start', 'middle', 'end'].map((anchor, at) => {
    const ms = (lastMs * at) / 2;
    return `<text x="${x(ms)}" y="${height - 6}" text-anchor="${anchor}">${(ms / 60_000).toFixed(0)} min</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#888">`,
    `<title>${title}</title>`,
    `<text x="${left}" y="16">${title}</text>`,
    ...spans,
    ...rows,
    ...minutes,
    `<polyline points="${line}" fill="none" stroke="#0f766e" stroke-width="1.5"/>`,
    '</svg>',
    '',
  ].join('\n');
}

/** 1, 2 or 5 times a power of ten. */
function niceAbove(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}
