import { Command, Option } from 'commander';
import type { HistoryAnswer, HistoryMetric } from '../../contracts/history.ts';
import { counted } from '../lib/counted.ts';
import { call, gatewayCommand, listed, print, rows, type GatewayOptions } from './call-gateway.ts';
import { formats, type Format } from './history-export/formats.ts';
import { exportPages, resolutions, type Resolution } from './history-export/rows.ts';
import { wholeNumber } from './number.ts';
import { requireOutFile } from './out-file.ts';
import { timeIn } from './time.ts';

interface QueryOptions extends GatewayOptions {
  readonly from: string;
  readonly to?: string;
  readonly points: number;
}

interface ExportOptions extends GatewayOptions {
  readonly format: Format;
  readonly from: string;
  readonly to?: string;
  readonly device?: string;
  readonly resolution: Resolution;
  readonly out: string;
}

const fromHelp = 'begin, like 2026-11-21T10:00, or 24h for so long ago';

/** `portcullis history`: what devices measured. Talks to the running gateway. */
export function historyCommand(): Command {
  const history = new Command('history').description('Show and export what devices measured.');

  gatewayCommand(history, 'metrics <device>', 'Show the metrics that history has of a device.').action(
    async (device: string, options: GatewayOptions) => {
      const path = `/api/v1/history/metrics?${new URLSearchParams({ device }).toString()}`;
      const { metrics } = await call<{ metrics: HistoryMetric[] }>(options, 'GET', path);
      print(metrics, options, (all) => listed(all.map(({ metric, type, unit }) => [metric, type, unit])));
    },
  );
  gatewayCommand(history, 'query <device> <metric>', 'Show samples, or slots of time where there are too many.')
    .option('--from <time>', fromHelp, '24h')
    .option('--to <time>', 'end; now when left out')
    .option('--points <n>', 'how many at most', wholeNumber({ min: 1, max: 10_000 }), 100)
    .action(async (device: string, metric: string, { from, to, points, ...options }: QueryOptions) => {
      const query = new URLSearchParams({ device, metric, points: String(points), ...rangeOf({ from, to }) });
      const answer = await call<HistoryAnswer>(options, 'GET', `/api/v1/history?${query.toString()}`);
      print(answer, options, table);
    });
  gatewayCommand(history, 'export', 'Write what is kept into a file that is complete or not there.')
    .addOption(new Option('--format <format>', 'of the file').choices(formats).makeOptionMandatory())
    .requiredOption('--from <time>', fromHelp)
    .option('--to <time>', 'end; now when left out')
    .option('--device <id>', 'of one device; of all when left out')
    .addOption(new Option('--resolution <resolution>', 'samples or roll-ups').choices(resolutions).default('samples'))
    .requiredOption('--out <file>', 'the file; an older one of the name is replaced')
    .action(exportTo);
  return history;
}

async function exportTo({ format, out, from, to, device, resolution, ...options }: ExportOptions): Promise<void> {
  await requireOutFile(out, { overwrites: true });
  const range = rangeOf({ from, to });
  const [{ encoderOf }, { writeInPieces }] = await Promise.all([
    import('./history-export/formats.ts'),
    import('../lib/atomic-write.ts'),
  ]);
  const encoder = await encoderOf(format);
  let count = 0;
  let shownAt = 0;
  const progress = (): void => {
    if (!process.stderr.isTTY || Date.now() - shownAt < 200) return;
    shownAt = Date.now();
    process.stderr.write(`\r${count} rows`);
  };
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for await (const page of exportPages(options, { ...range, device, resolution })) {
      count += page.length;
      progress();
      yield encoder.page(page);
    }
    yield encoder.end();
  }
  await writeInPieces(out, pieces());
  if (process.stderr.isTTY) process.stderr.write('\r');
  print({ file: out, rows: count }, options, () => `${counted(count, 'row')} in ${out}`);
}

/** Both ends as the API has them, by one look at the clock. */
function rangeOf({ from, to }: { readonly from: string; readonly to?: string | undefined }) {
  const now = Date.now();
  const at = (text: string): string => new Date(timeIn(text, now)).toISOString();
  return { from: at(from), ...(to !== undefined && { to: at(to) }) };
}

function table({ unit, resolutionMs, points }: HistoryAnswer): string {
  const head = resolutionMs === 0 ? 'samples' : `slots of ${resolutionMs / 1_000} s`;
  const lines = points.map(({ at, last, min, max, mean, count, increase }) => [
    new Date(at).toISOString(),
    String(last),
    ...[min, max, mean === undefined ? undefined : Number(mean.toPrecision(7)), count, increase].map((value) =>
      value === undefined ? undefined : String(value),
    ),
  ]);
  return rows([
    [head, unit === undefined ? 'last' : `last (${unit})`, 'min', 'max', 'mean', 'count', 'increase'],
    ...lines,
  ]);
}
