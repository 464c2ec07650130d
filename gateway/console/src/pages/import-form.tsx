import { ask } from '../asking/ask.ts';
import { Form } from '../parts/doing.tsx';
import { Field } from '../parts/parts.tsx';

interface Report {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
}

const file = (): File | undefined => document.querySelector<HTMLInputElement>('input[name="csv"]')?.files?.[0];

/** Devices from a CSV file, all of them or none; faults are told with their lines. */
export function ImportForm({ again }: { again: () => Promise<void> }) {
  const send = async (): Promise<string> => {
    const content = file();
    if (content === undefined) throw new Error('Choose a file first.');
    const report = await ask<Report>('/api/v1/devices/import', { method: 'POST', file: { type: 'text/csv', content } });
    await again();
    return `${report.created} made, ${report.updated} changed, ${report.unchanged} as they were.`;
  };
  return (
    <Form submit="Bring them in" busy="Reading the file…" send={send}>
      <Field
        label="CSV file"
        name="csv"
        type="file"
        accept=".csv,text/csv"
        required
        hint="A header, then one device a line: id,name,profile,place,tags. A place is written Home/Ground floor/Flat/Kitchen."
      />
    </Form>
  );
}
