import { PortcullisError } from '../../contracts/errors.ts';

/** One record of a CSV file with the line where it starts, counted from 1. */
export interface CsvRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * Reads CSV as RFC 4180 has it: cells in quotes may hold commas, line breaks and doubled quotes. Empty lines are left
 * out. Throws COMMAND_INVALID with the line for a quote that does not end or stands inside a cell.
 */
export function* readCsv(text: string): Generator<CsvRow> {
  // One cell and what ends it: a comma, a line break or the end of the text.
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|\r|$)/y;
  let line = 1;
  let cells: string[] = [];
  let startedAt = 1;
  const source = text.startsWith('\ufeff') ? text.slice(1) : text;
  while (cell.lastIndex < source.length || cells.length > 0) {
    const found = cell.exec(source);
    if (found === null) {
      throw new PortcullisError('COMMAND_INVALID', `line ${line}: a quote does not end, or stands inside a cell`);
    }
    const [whole, quoted, plain = '', end] = found;
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += whole.match(/\r\n|\r|\n/g)?.length ?? 0;
    if (end === ',') continue;
    if (cells.length > 1 || cells[0] !== '') yield { line: startedAt, cells };
    cells = [];
    startedAt = line;
  }
}

/** One line of CSV; cells are quoted where they must be. */
export function csvLine(cells: readonly string[]): string {
  const quoted = cells.map((cell) => (/[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell));
  return `${quoted.join(',')}\n`;
}
