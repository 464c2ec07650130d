import { Command } from 'commander';
import { PortcullisError } from '../../contracts/errors.ts';
import { dataDirOf, withDataDir, type DataDirOptions } from './data-dir.ts';
import { formatTime } from './format.ts';
import type { LedgerReport } from '../buffer/ledger-report.ts';

const columns = [
  'accepted',
  'delivered',
  'buffered',
  'filtered',
  'expired',
  'evicted',
  'deadLettered',
  'predates',
] as const;

type LedgerOptions = DataDirOptions & { json?: boolean; verify?: boolean; device?: string };

/** `portcullis ledger`: what became of every accepted record, per sink, or per device with `--device`. */
export function ledgerCommand(): Command {
  return withDataDir(new Command('ledger'))
    .description('Show what became of every accepted record. Exit 1 when the books do not balance.')
    .option('--verify', 'recount what is buffered by reading the whole log')
    .option('--device <id>', 'show one device')
    .option('--json', 'print as JSON, with a line for each device')
    .action(async (options: LedgerOptions) => {
      const { inspectBuffer } = await import('../buffer/inspect.ts');
      using buffer = inspectBuffer(await dataDirOf(options));
      const ledger = buffer.ledger(options.device);
      if (options.device !== undefined && ledger.sinks.length > 0 && ledger.devices.length === 0) {
        throw new PortcullisError('NOT_FOUND', `The ledger knows no device "${options.device}".`);
      }
      const check = options.verify ? buffer.check() : undefined;
      if (options.json) console.log(JSON.stringify(check ? { ...ledger, check } : ledger, null, 2));
      else {
        printLedger(ledger);
        for (const { sink, device, ledger: said, log } of check?.wrong ?? []) {
          console.log(`✗ ${sink}, ${device}: ${said} buffered in the ledger, ${log} in the log`);
        }
        if (check?.ok) console.log('✓ recounted: the log holds exactly what the ledger says');
      }
      process.exitCode = ledger.balanced && (check?.ok ?? true) ? 0 : 1;
    });
}

function printLedger({ balanced, sinks, reasons, outages }: LedgerReport): void {
  const table = [
    ['sink', ...columns],
    ...sinks.map((line) => [line.sink, ...columns.map((name) => String(line[name]))]),
  ];
  const widths = table[0]?.map((_, i) => Math.max(...table.map((row) => row[i]?.length ?? 0))) ?? [];
  for (const row of table) console.log(row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('  '));
  for (const { sink, what, reason, n } of reasons) {
    console.log(`  ${what} ${n}: ${reason}${sink === '' ? '' : ` (${sink})`}`);
  }
  for (const { sink, fromMs, toMs, captured, delivered, gone } of outages) {
    const until = toMs === null ? 'now' : formatTime(toMs);
    const rest = gone > 0 ? `, ${gone} rejected, expired or evicted` : '';
    console.log(
      `${formatTime(fromMs)} – ${until} outage of ${sink}: ${captured} captured, ${delivered} delivered${rest}`,
    );
  }
  console.log(balanced ? '✓ balanced' : '✗ NOT BALANCED');
}
