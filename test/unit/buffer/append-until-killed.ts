import { openBuffer } from '../../../gateway/buffer/buffer.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';
import { entry, measurement, silent } from './buffer-fixture.ts';

// A program for crash tests: appends in eight strands and prints each value once its commit is acknowledged.
const [dataDir = '', from = '0'] = process.argv.slice(2);
const buffer = await openBuffer(
  { dataDir, gateway: 'gw-test', sinks: ['cloud'], tables: [] },
  { log: silent, clock: systemClock },
);
let value = Number(from);
await Promise.all(
  Array.from({ length: 8 }, async (_, strand) => {
    for (;;) {
      value += 1;
      const mine = value;
      await buffer.append(entry(measurement(`d${strand}`, mine)));
      process.stdout.write(`${mine}\n`);
    }
  }),
);
