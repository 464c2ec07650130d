import { openBuffer } from '../../../gateway/buffer/buffer.ts';
import { systemClock } from '../../../gateway/lib/clock.ts';
import { openRegistry } from '../../../gateway/registry/open-registry.ts';
import { registryTables } from '../../../gateway/registry/tables.ts';
import { entry, measurement, silent } from '../buffer/buffer-fixture.ts';

// A program for crash tests: edits the registry in strands and prints each device once its change is acknowledged.
const [dataDir = '', life = '0'] = process.argv.slice(2);
const deps = { log: silent, clock: systemClock };
const buffer = await openBuffer({ dataDir, gateway: 'gw-test', sinks: ['cloud'], tables: [registryTables] }, deps);
const registry = await openRegistry({ append: buffer.append, store: buffer, ...deps });
const append = registry.watch(buffer.append);
const building = await registry.addPlace({ kind: 'building', name: `Mill ${life}` });
await Promise.all(
  Array.from({ length: 6 }, async (_, strand) => {
    for (let n = 0; ; n++) {
      const id = `d-${life}-${strand}-${n}`;
      if (n % 2 === 0) await append(entry(measurement(id, n)));
      else await registry.register({ id, tags: [] });
      await registry.editDevice({ id, name: `moved ${n}`, place: building.id });
      if (n % 3 === 0) await registry.activation(id, { is: 'activated', cloudId: `c${n}` });
      if (n % 5 === 0) await registry.removeDevice({ id });
      else process.stdout.write(`${id}\n`);
    }
  }),
);
