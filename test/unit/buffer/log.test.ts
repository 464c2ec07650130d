import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openScratch } from '../../../gateway/buffer/database.ts';
import { deviceCounts, packBatch, unpackBatch } from '../../../gateway/buffer/batch.ts';
import { openLog, type Log } from '../../../gateway/buffer/log.ts';
import { bufferSet, migrate } from '../../../gateway/buffer/schema.ts';

for (const count of [1, 5, 200]) {
  test(`a batch of ${count} devices comes back as it was packed`, () => {
    const devices = Array.from({ length: count }, (_, i) => [`json:Küche/gerät${i}/state`, 1] as const);
    const lines = devices.map(([device]) => JSON.stringify({ device }));
    const text = [JSON.stringify(devices.map((_, i) => i)), ...lines].join('\n');
    const place = { lane: 'normal', firstLsn: 7, n: count, boot: 1, wallMs: 1, upMs: 1 } as const;
    const row = packBatch({ ...place, text, devices, classes: { telemetry: count } });
    assert.deepEqual(deviceCounts(row), devices);
    const open = unpackBatch(row);
    assert.deepEqual(open.lines, lines);
    assert.deepEqual(
      open.devices,
      devices.map(([device]) => device),
    );
  });
}

test('a long list of devices takes a fraction of its JSON', () => {
  const devices = Array.from({ length: 50 }, (_, i) => [`json:bench/device${i}/state`, 1] as const);
  const row = packBatch({
    lane: 'normal',
    firstLsn: 1,
    n: 50,
    boot: 1,
    wallMs: 1,
    upMs: 1,
    text: '[]',
    devices,
    classes: {},
  });
  assert.ok(row.devices.length < JSON.stringify(devices).length / 4);
});

/** A log with one stored batch, whose row is then removed behind its back: what it still gives is from memory. */
function logOf(batch: Parameters<typeof packBatch>[0], held: boolean): { log: Log } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-log-'));
  const db = openScratch(join(folder, 'log.db'));
  migrate(db, [bufferSet]);
  const log = openLog(db);
  log.insert(packBatch(batch));
  if (held) log.hold(batch);
  db.exec('DELETE FROM batches');
  return {
    log,
    [Symbol.dispose]: () => {
      db.close();
      rmSync(folder, { recursive: true });
    },
  };
}

const stored = {
  lane: 'normal',
  firstLsn: 7,
  n: 3,
  boot: 2,
  wallMs: 5.5,
  upMs: 6.5,
  text: '[0,1,0]\n{"a":1}\n{"b":2}\n{"a":3}',
  devices: [
    ['a', 2],
    ['b', 1],
  ],
  classes: { telemetry: 3 },
} as const;

test('a batch that is held reads as the row that was stored', () => {
  using kept = logOf(stored, true);
  assert.deepEqual(kept.log.at('normal', 7), unpackBatch(packBatch(stored)));
  assert.equal(kept.log.at('urgent', 7), undefined);
  using gone = logOf(stored, false);
  assert.equal(gone.log.at('normal', 7), undefined, 'else it would not be from memory');
});

test('what is read once is the same, from memory and from the row, however long lines and batches are', () => {
  const lines = [10, 16_000, 3, 40_000, 200, 16_384, 5_000, 12_000, 1].map((length, i) => `${i}ü`.padEnd(length, 'é'));
  const long = { ...stored, n: lines.length, text: [`[${lines.map(() => 0).join()}]`, ...lines].join('\n') };
  for (const held of [true, false]) {
    using kept = logOf(long, held);
    if (!held) kept.log.insert(packBatch(long));
    const { lsns = [], lines: found = [] } = kept.log.follow('normal', 7) ?? {};
    assert.deepEqual([...found], lines);
    assert.deepEqual(
      lsns,
      lines.map((_, i) => 7 + i),
    );
  }
  using empty = logOf({ ...stored, n: 0, text: '[]' }, true);
  assert.deepEqual([...(empty.log.follow('normal', 7)?.lines ?? ['none'])], []);
});

test('a batch that says a wrong length of itself is read all the same', () => {
  const text = `[0]\n${'some text '.repeat(30_000)}`;
  const row = packBatch({ ...stored, n: 1, text });
  for (const bytes of [-1, 0, 1_000, 99.5, 2 ** 40, NaN, '7' as never, null as never])
    assert.deepEqual(unpackBatch({ ...row, bytes }).lines, [text.slice(4)]);
});

test('a batch that was changed or removed is not given from memory', () => {
  using kept = logOf(stored, true);
  kept.log.forget(unpackBatch(packBatch(stored)).id);
  assert.equal(kept.log.at('normal', 7), undefined);
});

test('the oldest batches that are held give way to newer ones', () => {
  using kept = logOf(stored, true);
  const large = { ...stored, text: `[0]\n${'x'.repeat(1_000_000)}` };
  for (const firstLsn of [10, 11, 12]) kept.log.hold({ ...large, firstLsn });
  for (const lsn of [7, 10]) assert.equal(kept.log.at('normal', lsn), undefined);
  for (const lsn of [11, 12]) assert.deepEqual(kept.log.at('normal', lsn)?.lines, ['x'.repeat(1_000_000)]);
});
