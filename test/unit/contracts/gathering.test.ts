import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gather } from '../../../contracts/gathering.ts';

test('names without a word are right however many keys came before, and whose they were', () => {
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 3_000; n++) {
      for (const proto of ['one', 'two']) {
        const gathering = gather(proto);
        gathering.other(`key${n}`, n);
        gathering.other(`key${n}`, n);
        const [reading] = gathering.readings('device');
        const names = reading?.metrics.map((metric) => metric.n);
        assert.deepEqual(names, [`x.${proto}.key${n}`, `x.${proto}.key${n}~`]);
      }
    }
  }
});
