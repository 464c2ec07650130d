import { rmSync, writeFileSync } from 'node:fs';
import pino from 'pino';
import type { Entry } from '../../../contracts/pipeline.ts';
import { openBuffer } from '../../../gateway/buffer/buffer.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';
import { drain, entry, measurement } from './buffer-fixture.ts';

// A program for tests with test/shims/disk-fault.c: the disk fails in each of two commits, until the log of the buffer says the
// given words. What is refused is tried again, as a transport does. Prints what is then in the buffer.
const [dataDir = '', fault = '', until = ''] = process.argv.slice(2);
const order = process.env['DISK_FAULT_FILE'] ?? '';
const log = pino({ level: 'warn' }, { write: (line) => void (line.includes(until) && rmSync(order, { force: true })) });
const buffer = await openBuffer(
  { dataDir, gateway: 'gw-test', sinks: ['cloud'], tables: [], answerTimeoutMs: 1_000 },
  { log, clock: systemClock },
);

async function appendUntilTaken(one: Entry): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    try {
      return await buffer.append(one);
    } catch (error) {
      process.stderr.write(`${String(error)}\n`);
    }
  }
  throw new Error('it was never taken');
}

await buffer.append(entry(measurement('a', 1)));
for (const one of [
  entry(measurement('a', 2)),
  { ...entry(), filtered: [{ device: 'a', reason: 'noise', count: 1 }] },
]) {
  writeFileSync(order, fault);
  await appendUntilTaken(one);
}
const { accepted, filtered } = (await buffer.ledger()).sinks[0] ?? {};
process.stdout.write(JSON.stringify({ records: await drain(buffer), accepted, filtered }));
await buffer[Symbol.asyncDispose]();
