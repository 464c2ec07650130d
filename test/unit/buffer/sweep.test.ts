import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { lanes } from '../../../contracts/sink.ts';
import { buildCommit, encodeEntry } from '../../../gateway/buffer/commit-request.ts';
import { openStore } from '../../../gateway/buffer/open-store.ts';
import { defaultLimits } from '../../../gateway/buffer/options.ts';
import { entry, handClock, measurement, tempDir } from './buffer-fixture.ts';

/** More than one sweep looks at. */
const many = 2_100;

async function openOne(t: TestContext) {
  const clock = handClock();
  const now = () => ({ wallMs: clock.wallMs(), monoMs: clock.monoMs() });
  const files = { dataDir: await tempDir(t), gateway: 'g', sinks: ['cloud'], tables: [] };
  const { db, store } = openStore({ ...files, synchronous: 'NORMAL', limits: defaultLimits }, now());
  t.after(() => db.close());
  let tries = 0;
  return {
    /** A batch in each lane, with a record of each device. */
    append: (...devices: readonly string[]) => {
      tries += 1;
      const both = devices.flatMap((device) => [measurement(device, tries), measurement(device, tries, 'alarm')]);
      store.commit({ ...buildCommit([encodeEntry(entry(...both))]), n: tries }, now());
    },
    /** Settles what can be claimed, until nothing of it is accepted. */
    deliver: (takes: (device: string) => boolean) => {
      for (const lane of lanes) {
        for (let moved = true; moved;) {
          const loan = store.claim({ sink: 'cloud', lane, records: 10_000, bytes: 10_000_000 }, now());
          const lines = loan?.text.split('\n') ?? [];
          const verdicts = lines.map((line) => takes((JSON.parse(line) as { dev: { id: string } }).dev.id));
          if (loan) store.settle({ loan: loan.loan, verdicts }, now());
          moved = verdicts.includes(true);
        }
      }
    },
    /** Housekeeping until nothing waits for it. */
    tidyUp: () => {
      clock.advance(60_000);
      let ticks = 1;
      while (store.tick(now())) assert.ok((ticks += 1) < 20, 'housekeeping comes to an end');
    },
    batches: () => db.prepare<[], number>('SELECT count(*) FROM batches').pluck().get(),
  };
}

test('what is settled is deleted although very many batches before it hold a record that is kept', async (t) => {
  const { append, deliver, tidyUp, batches } = await openOne(t);
  for (let i = 0; i < many; i++) append('kept', 'taken');
  for (let i = 0; i < 50; i++) append('taken');
  deliver((device) => device === 'taken');
  tidyUp();
  assert.equal(batches(), 2 * many);
  append('taken');
  deliver(() => true);
  tidyUp();
  assert.equal(batches(), 0);
});
