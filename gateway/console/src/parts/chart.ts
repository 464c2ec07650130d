import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { when } from './words.ts';
import type { HistoryPoint } from '../../../../contracts/history.ts';

export interface Drawn {
  readonly points: readonly HistoryPoint[];
  readonly from: number;
  readonly to: number;
  /** How a value is written. */
  readonly text: (value: number) => string;
  readonly isStepped: boolean;
}

const heightPx = 230;

/** Draws a line with the band between its least and greatest; follows the width of its box. Gives back what ends it. */
export function drawChart(box: HTMLElement, drawn: Drawn): () => void {
  const colour = (name: string): string => getComputedStyle(box).getPropertyValue(name).trim();
  const [ink, line, accent] = [colour('--soft'), colour('--line'), colour('--accent')];
  const axis = {
    stroke: ink,
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1 },
    font: '12px system-ui',
  };
  const stepped = UPlot.paths.stepped?.({ align: 1 });
  const path = drawn.isStepped && stepped ? { paths: stepped } : {};
  const edge = { stroke: 'transparent', points: { show: false } };
  const plot = new UPlot(
    {
      width: box.clientWidth,
      height: heightPx,
      legend: { show: false },
      cursor: { y: false },
      scales: { x: { range: [drawn.from / 1000, drawn.to / 1000] } },
      axes: [
        { ...axis, values: (_plot, ticks) => ticks.map((at) => when(at * 1000)) },
        { ...axis, size: 78, values: (_plot, ticks) => ticks.map(drawn.text) },
      ],
      series: [
        {},
        { stroke: accent, width: 2, points: { show: drawn.points.length < 40, size: 5 }, ...path },
        { ...edge, ...path },
        { ...edge, ...path },
      ],
      bands: [{ series: [3, 2], fill: `color-mix(in srgb, ${accent} 18%, transparent)` }],
    },
    columnsOf(drawn.points),
    box,
  );
  const resize = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: heightPx }));
  resize.observe(box);
  return () => {
    resize.disconnect();
    plot.destroy();
  };
}

const asNumber = (value: HistoryPoint['last']): number | null =>
  typeof value === 'number' ? value : typeof value === 'boolean' ? Number(value) : null;

function columnsOf(points: readonly HistoryPoint[]): UPlot.AlignedData {
  return [
    points.map(({ at }) => at / 1000),
    points.map(({ mean, last }) => mean ?? asNumber(last)),
    points.map(({ min, last }) => min ?? asNumber(last)),
    points.map(({ max, last }) => max ?? asNumber(last)),
  ];
}
