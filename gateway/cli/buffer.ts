import { once } from 'node:events';
import { Command } from 'commander';
import { dataDirOf, withDataDir, type DataDirOptions } from './data-dir.ts';
import { formatBytes, formatTime } from './format.ts';

type ReportOptions = DataDirOptions & { json?: boolean };

/** `portcullis buffer status|check|export`: looks into the buffer of a gateway that may be running. */
export function bufferCommand(): Command {
  const command = new Command('buffer').description('Look into the durable buffer; the gateway may be running.');
  withDataDir(command.command('status'))
    .description('Show what the buffer holds and where each sink stands.')
    .option('--json', 'print as JSON')
    .action(showStatus);
  withDataDir(command.command('check'))
    .description('Read the whole file: structure, checksums, and a recount against the ledger. Exit 1 on a finding.')
    .option('--json', 'print as JSON')
    .action(showCheck);
  withDataDir(command.command('export'))
    .description('Print every record in the log, one JSON object a line.')
    .action(exportRecords);
  return command;
}

async function showStatus(options: ReportOptions): Promise<void> {
  const { inspectBuffer } = await import('../buffer/inspect.ts');
  using buffer = inspectBuffer(await dataDirOf(options));
  const status = buffer.status();
  if (options.json) {
    console.log(JSON.stringify(status, null, 2));
    return;
  }
  const { balanced, sinks } = buffer.ledger();
  console.log(`file          ${formatBytes(status.fileBytes)}, ${formatBytes(status.usedBytes)} in use`);
  console.log(`oldest        ${status.oldestMs === undefined ? 'nothing waits' : formatTime(status.oldestMs)}`);
  console.log(`dead letters  ${status.deadLetters} (${formatBytes(status.deadLetterBytes)})`);
  for (const { sink, buffered, delivered } of sinks) {
    console.log(`${sink.padEnd(13)} ${buffered} buffered, ${delivered} delivered`);
  }
  console.log(`ledger        ${balanced ? 'balanced' : 'NOT BALANCED: run portcullis ledger --verify'}`);
}

async function showCheck(options: ReportOptions): Promise<void> {
  const { inspectBuffer } = await import('../buffer/inspect.ts');
  using buffer = inspectBuffer(await dataDirOf(options));
  const report = buffer.check();
  if (options.json) console.log(JSON.stringify(report, null, 2));
  else {
    for (const line of report.sqlite) console.log(`✗ SQLite: ${line}`);
    if (report.damagedBatches > 0) console.log(`✗ ${report.damagedBatches} batches have a wrong checksum`);
    for (const { sink, device, ledger, log } of report.wrong) {
      console.log(`✗ ${sink}, ${device}: the ledger says ${ledger} buffered, the log holds ${log}`);
    }
    if (!report.balanced) console.log('✗ the ledger does not balance');
    if (report.ok) console.log(`✓ ${report.batches} batches are whole, and the ledger agrees with them`);
    else console.log('  → restart the gateway: it moves a damaged file aside and takes over what is readable');
  }
  process.exitCode = report.ok ? 0 : 1;
}

async function exportRecords(options: DataDirOptions): Promise<void> {
  const { inspectBuffer } = await import('../buffer/inspect.ts');
  using buffer = inspectBuffer(await dataDirOf(options));
  for (const record of buffer.records()) {
    if (!process.stdout.write(`${JSON.stringify(record)}\n`)) await once(process.stdout, 'drain');
  }
}
