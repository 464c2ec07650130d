import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor, type LoanItem, type Reader } from '../../../gateway/buffer/cursor.ts';
import type { OpenBatch } from '../../../gateway/buffer/batch.ts';

/** A log of one batch that begins at lsn 1; each record is `[device, size]`. */
function logOf(...records: readonly (readonly [device: string, size: number])[]): Reader {
  const batch: OpenBatch = {
    id: 1,
    lane: 'normal',
    boot: 1,
    wallMs: 0,
    upMs: 0,
    lsns: records.map((_, i) => i + 1),
    devices: records.map(([device]) => device),
    lines: records.map(([, size]) => 'x'.repeat(size)),
  };
  return { at: (_lane, lsn) => (lsn <= records.length ? batch : undefined), isHistory: () => false };
}

const lsns = (items: readonly LoanItem[]): number[] => items.map(({ lsn }) => lsn);
const wide = { records: 100, bytes: 10_000 };

test('a record never overtakes a parked one of its device that does not fit into the loan', () => {
  const log = logOf(['a', 10], ['b', 900], ['c', 10], ['b', 10], ['a', 10]);
  const cursor = new Cursor('cloud', 'normal', 0, 100);
  assert.deepEqual(lsns(cursor.lend(1, { records: 3, bytes: 10_000 }, log)), [1, 2, 3]);
  cursor.settle(1, ['keep', 'keep', 'accept']);
  assert.deepEqual(lsns(cursor.lend(2, { records: 100, bytes: 100 }, log)), [1, 5], 'b 4 waits for b 2');
  cursor.settle(2, ['accept', 'accept']);
  assert.deepEqual(lsns(cursor.lend(3, wide, log)), [2, 4]);
});

test('while a record is on loan no later one of its device is lent', () => {
  const log = logOf(['a', 10], ['b', 10], ['a', 10]);
  const cursor = new Cursor('cloud', 'normal', 0, 100);
  cursor.lend(1, { records: 1, bytes: 10_000 }, log);
  assert.deepEqual(lsns(cursor.lend(2, wide, log)), [2]);
  assert.deepEqual(lsns(cursor.lend(3, wide, log)), []);
  cursor.settle(1, ['accept']);
  assert.deepEqual(lsns(cursor.lend(4, wide, log)), [3]);
});

test('a batch that is kept whole parks nothing and moves nothing', () => {
  const log = logOf(['a', 10], ['b', 10]);
  const cursor = new Cursor('cloud', 'normal', 0, 100);
  cursor.lend(1, wide, log);
  const [settlement] = cursor.settle(1, ['keep', 'keep']) ?? [];
  assert.deepEqual([settlement?.cursor, settlement?.parked, cursor.position], [0, [], 0]);
  assert.deepEqual(lsns(cursor.lend(2, wide, log)), [1, 2]);
});

test('a loan that was settled first waits for the one before it', () => {
  const log = logOf(['a', 10], ['b', 10]);
  const cursor = new Cursor('cloud', 'normal', 0, 100);
  cursor.lend(1, { records: 1, bytes: 10_000 }, log);
  cursor.lend(2, { records: 1, bytes: 10_000 }, log);
  assert.deepEqual(cursor.settle(2, ['accept']), []);
  assert.equal(cursor.position, 0);
  assert.equal(cursor.settle(1, ['accept'])?.length, 2);
  assert.equal(cursor.position, 2);
  assert.equal(cursor.settle(1, ['accept']), undefined, 'a loan is settled once');
});
