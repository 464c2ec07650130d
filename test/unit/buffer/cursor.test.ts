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
  assert.deepEqual(lsns(cursor.lend(3, wide, log)), [2], 'one is tried first');
  cursor.settle(3, ['accept']);
  assert.deepEqual(lsns(cursor.lend(4, wide, log)), [4]);
});

/** Lends and settles until nothing is left or `most` loans were made; gives the devices of each loan. */
function carry(cursor: Cursor, log: Reader, takes: (item: LoanItem) => boolean, most: number, want = wide) {
  const loans: LoanItem[][] = [];
  while (loans.length < most) {
    const items = cursor.lend(loans.length, want, log);
    if (items.length === 0) break;
    loans.push([...items]);
    cursor.settle(
      loans.length - 1,
      items.map((item) => (takes(item) ? 'accept' : 'keep')),
    );
  }
  return loans;
}

test('a device whose records are kept again and again leaves the others their places', () => {
  const log = logOf(...Array.from({ length: 200 }, (_, i): [string, number] => [i % 2 ? 'good' : 'bad', 1]));
  const cursor = new Cursor('cloud', 'normal', 0, 1_000);
  const loans = carry(cursor, log, ({ device }) => device === 'good', 30, { records: 10, bytes: 10_000 });
  assert.equal(loans.flat().filter(({ device }) => device === 'good').length, 100);
  for (const items of loans.slice(1)) assert.ok(items.filter(({ device }) => device === 'bad').length <= 1);
});

test('kept records that fill a loan by their number or size leave every second loan to others', () => {
  const devices = Array.from({ length: 12 }, (_, i): [string, number] => [`bad${i}`, 1_000]);
  const log = logOf(...devices, ...Array.from({ length: 60 }, (): [string, number] => ['good', 1_000]));
  for (const want of [
    { records: 1, bytes: 100_000 },
    { records: 10, bytes: 100_000 },
    { records: 100, bytes: 500 },
  ]) {
    const cursor = new Cursor('cloud', 'normal', 0, 1_000);
    cursor.lend(0, { records: 13, bytes: 100_000 }, log);
    cursor.settle(0, [...devices.map(() => 'keep' as const), 'accept']);
    const loans = carry(cursor, log, ({ device }) => device === 'good', 130, want);
    assert.equal(loans.flat().filter(({ device }) => device === 'good').length, 59);
    const tried = new Set(loans.flat().map(({ device }) => device));
    assert.equal(tried.size, 13, 'each of the kept ones has its turn');
  }
});

test('a device that rests is left out until it is asked for, with all that it says meanwhile', () => {
  const log = logOf(['a', 10], ['b', 10], ['a', 10], ['b', 10], ['a', 10]);
  const cursor = new Cursor('cloud', 'normal', 0, 100);
  cursor.lend(1, { records: 1, bytes: 10_000 }, log);
  const [settlement] = cursor.settle(1, ['rest']) ?? [];
  assert.deepEqual(
    [settlement?.cursor, settlement?.parked.length],
    [1, 1],
    'it is parked although nothing else was lent',
  );
  assert.deepEqual(lsns(cursor.lend(2, wide, log)), [2, 4]);
  cursor.settle(2, ['accept', 'accept']);
  assert.deepEqual([cursor.position, lsns(cursor.lend(3, wide, log))], [5, []]);
  assert.deepEqual(lsns(cursor.lend(4, { ...wide, resting: true }, log)), [1]);
  cursor.settle(4, ['rest']);
  assert.deepEqual(lsns(cursor.lend(5, wide, log)), []);
  assert.deepEqual(lsns(cursor.lend(6, { ...wide, resting: true }, log)), [1]);
  cursor.settle(6, ['accept']);
  assert.deepEqual(lsns(cursor.lend(7, wide, log)), [3, 5], 'its rest is over');
});

test('thousands of records of a device that was away are gone in a few loans, in their order', () => {
  const log = logOf(...Array.from({ length: 6_000 }, (_, i): [string, number] => [i % 2 ? 'good' : 'away', 1]));
  const cursor = new Cursor('cloud', 'normal', 0, 10_000);
  const want = { records: 500, bytes: 1_000_000 };
  carry(cursor, log, ({ device }) => device === 'good', 30, want);
  assert.equal(cursor.parked.size, 3_000);
  const loans = carry(cursor, log, () => true, 30, want);
  assert.deepEqual(
    lsns(loans.flat()),
    Array.from({ length: 3_000 }, (_, i) => 2 * i + 1),
  );
  assert.ok(loans.length < 20, `${loans.length} loans`);
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

test('while everything is kept, nothing is parked beside what was', () => {
  const log = logOf(['a', 10], ['b', 10], ['c', 10], ['a', 10]);
  const cursor = new Cursor('cloud', 'normal', 0, 100);
  cursor.lend(0, { records: 2, bytes: 10_000 }, log);
  cursor.settle(0, ['keep', 'accept']);
  for (const id of [1, 2]) {
    assert.deepEqual(lsns(cursor.lend(id, wide, log)), id === 1 ? [1, 3, 4] : [3, 1]);
    cursor.settle(id, ['keep', 'keep', 'keep']);
    assert.deepEqual([cursor.position, [...cursor.parked.keys()]], [2, [1]]);
  }
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
