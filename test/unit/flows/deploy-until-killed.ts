// Deploys one generation after the other until it is killed, and prints each when it is durable.
import { openBuffer } from '../../../gateway/buffer/buffer.ts';
import { openFlowStore } from '../../../gateway/flows/flow-store.ts';
import { flowsTables } from '../../../gateway/flows/tables.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';
import { pino } from 'pino';

const [dataDir = '', first = '1'] = process.argv.slice(2);
const deps = { log: pino({ enabled: false }), clock: systemClock };
const buffer = await openBuffer({ dataDir, gateway: 'gw-test', sinks: ['cloud'], tables: [flowsTables] }, deps);
const files = openFlowStore(buffer, systemClock);
for (let n = Number(first); ; n += 1) {
  const nodes = Array.from({ length: 2_000 }, (_, at) => ({
    id: `${n}-${at}`,
    type: 'debug',
    name: `generation ${n}`,
  }));
  await files.write(JSON.stringify(nodes), 'test', JSON.stringify({ $: `${n}` }));
  process.stdout.write(`${n}\n`);
}
