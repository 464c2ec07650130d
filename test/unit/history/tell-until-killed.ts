import { openBuffer } from '../../../gateway/buffer/buffer.ts';
import { filename } from '../../../gateway/history/follower.ts';
import { historyTables } from '../../../gateway/history/tables.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';
import { entry, measurement, silent } from '../buffer/buffer-fixture.ts';
import { defaults } from './history-rig.ts';

// A program for crash tests: tells values of four devices, prints each once it is acknowledged, and writes blocks often.
const [dataDir = '', from = '0'] = process.argv.slice(2);
const follower = { filename, options: { ...defaults, gatherMs: 20 } };
const buffer = await openBuffer(
  { dataDir, gateway: 'gw-test', sinks: [], tables: [historyTables], follower },
  { log: silent, clock: systemClock },
);
let value = Number(from);
const strands = Array.from({ length: 4 }, async (_, strand) => {
  for (;;) {
    value += 1;
    const mine = value;
    await buffer.append(entry(measurement(`d${strand}`, mine)));
    process.stdout.write(`${mine}\n`);
  }
});
const following = (async () => {
  for (;;) await buffer.followed();
})();
await Promise.all([...strands, following]);
