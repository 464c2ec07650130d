import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { recordId, saltFrom } from '../../../gateway/buffer/record-id.ts';

const salt = fc.uint8Array({ minLength: 10, maxLength: 10 }).map(saltFrom);
const lsn = fc.maxSafeNat();
const wallMs = fc.integer({ min: 0, max: 2 ** 48 - 1 });

test('an id is a UUIDv7 without dashes whose first 48 bits are the time', () => {
  fc.assert(
    fc.property(wallMs, lsn, salt, fc.boolean(), (at, n, own, rollup) => {
      const id = recordId(at, n, own, rollup);
      assert.match(id, /^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
      assert.equal(Number.parseInt(id.slice(0, 12), 16), at);
    }),
  );
});

test('two records of a gateway never share an id, not even at the same moment, nor a record and its roll-up', () => {
  fc.assert(
    fc.property(wallMs, lsn, lsn, salt, (at, one, other, own) => {
      assert.equal(recordId(at, one, own) === recordId(at, other, own), one === other);
      assert.notEqual(recordId(at, one, own), recordId(at, one, own, true));
    }),
  );
});

test('the counter carries over from the lower half', () => {
  const full = { a: 0, high: 0, low: 2 ** 31 - 1 };
  const ids = [0, 1, 2, 2 ** 31, 2 ** 31 + 1].map((n) => recordId(0, n, full));
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual(ids.toSorted(), ids);
});

test('a clock outside of what 48 bits hold is cut off', () => {
  const own = saltFrom(new Uint8Array(10));
  assert.equal(recordId(-1, 1, own).slice(0, 12), '0'.repeat(12));
  assert.equal(recordId(2 ** 49, 1, own).slice(0, 12), 'f'.repeat(12));
});
