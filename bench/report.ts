/** One table of `docs/benchmarks.md`: a heading, the conditions in a sentence, and rows of cells. */
export interface Report {
  readonly title: string;
  readonly conditions: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** What the figures mean against their goals, told honestly. */
  readonly verdict: readonly string[];
}

/** The report as Markdown. */
export function toMarkdown({ title, conditions, columns, rows, verdict }: Report): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.map(show).join(' | ')} |`;
  return [
    `## ${title}`,
    '',
    conditions,
    '',
    line(columns),
    `|${columns.map(() => '---').join('|')}|`,
    ...rows.map(line),
    '',
    ...verdict.map((sentence) => `* ${sentence}`),
    '',
  ].join('\n');
}

const show = (cell: string | number): string =>
  typeof cell === 'string' ? cell : Math.abs(cell) >= 100 ? Math.round(cell).toLocaleString('en') : cell.toFixed(2);

/** The middle of an odd number of runs; the lower middle of an even number. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;
}
