import type { ExportRow } from './rows.ts';

export const formats = ['csv', 'jsonl', 'parquet'] as const;
export type Format = (typeof formats)[number];

/** Turns pages of rows into bytes of a file; `end` gives the last of them. */
export interface Encoder {
  page(rows: readonly ExportRow[]): Uint8Array;
  end(): Uint8Array;
}

const columns = [
  'time',
  'device',
  'metric',
  'unit',
  'value',
  'text',
  'count',
  'min',
  'max',
  'mean',
  'increase',
] as const satisfies readonly (keyof ExportRow)[];

const nothing = new Uint8Array();

/** Parquet's writer is loaded when a file of it is wanted. */
export async function encoderOf(format: Format): Promise<Encoder> {
  if (format === 'csv') return csv();
  if (format === 'jsonl') return jsonLines;
  return parquet();
}

const jsonLines: Encoder = {
  page: (rows) =>
    Buffer.from(rows.map((row) => `${JSON.stringify({ ...row, time: new Date(row.time).toISOString() })}\n`).join('')),
  end: () => nothing,
};

/** RFC 4180. A text from a device that a spreadsheet would take for a formula gets an apostrophe before it. */
function csv(): Encoder {
  let head = `${columns.join(',')}\r\n`;
  const cell = (value: string | number | null): string => {
    if (value === null) return '';
    if (typeof value === 'number') return String(value);
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return {
    page(rows) {
      const lines = rows.map((row) => {
        const shown = { ...row, time: new Date(row.time).toISOString() };
        return `${columns.map((name) => cell(shown[name])).join(',')}\r\n`;
      });
      const text = head + lines.join('');
      head = '';
      return Buffer.from(text);
    },
    end: () => Buffer.from(head),
  };
}

/** Rows of one group, which is what a writer and a reader hold at once. */
const rowsPerGroup = 50_000;

async function parquet(): Promise<Encoder> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  // In memory, so that neither `write` nor `finish` has anything to wait for.
  const out = new ByteWriter();
  const writer = new ParquetWriter({
    writer: out,
    schema: [
      { name: 'root', num_children: columns.length },
      { name: 'time', type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', repetition_type: 'REQUIRED' },
      ...(['device', 'metric', 'unit'] as const).map(
        (name) => ({ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' }) as const,
      ),
      { name: 'value', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
      { name: 'text', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      { name: 'count', type: 'INT64', repetition_type: 'REQUIRED' },
      ...(['min', 'max', 'mean', 'increase'] as const).map(
        (name) => ({ name, type: 'DOUBLE', repetition_type: 'OPTIONAL' }) as const,
      ),
    ],
    createdBy: 'portcullis',
  });
  let waiting: ExportRow[] = [];
  /** What the writer made since the last time; its offset goes on, its memory begins anew. */
  const taken = (): Uint8Array => {
    const bytes = out.getBytes().slice();
    out.index = 0;
    return bytes;
  };
  const flush = (): void => {
    if (waiting.length === 0) return;
    const rows = waiting;
    waiting = [];
    void writer.write({
      columnData: columns.map((name) => ({ name, data: rows.map((row) => parquetValue(row, name)) })),
      rowGroupSize: rowsPerGroup,
    });
  };
  return {
    page(rows) {
      waiting.push(...rows);
      if (waiting.length >= rowsPerGroup) flush();
      return taken();
    },
    end() {
      flush();
      void writer.finish();
      return taken();
    },
  };
}

function parquetValue(row: ExportRow, name: (typeof columns)[number]): unknown {
  if (name === 'time') return new Date(row.time);
  if (name === 'count') return BigInt(row.count);
  return row[name];
}
