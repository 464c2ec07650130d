import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { timeOf } from '../../../contracts/payload.ts';

/** How long the months of a year are, by the rule of Gregory's calendar. */
function lengthOf(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

test('a day that no calendar has is no time, with a zone or without one', () => {
  const dated = fc.record({
    year: fc.integer({ min: 2001, max: 2400 }),
    month: fc.integer({ min: 1, max: 12 }),
    day: fc.integer({ min: 1, max: 31 }),
    zone: fc.constantFrom('', 'Z', '+00:00', '-1130', '+14:00'),
  });
  fc.assert(
    fc.property(dated, ({ year, month, day, zone }) => {
      const [m, d] = [month, day].map((part) => String(part).padStart(2, '0'));
      assert.equal(timeOf(`${year}-${m}-${d}T10:00:00${zone}`) !== undefined, day <= lengthOf(year, month));
    }),
    { numRuns: 2000 },
  );
});

test('a leap day is a time in a leap year only, and midnight may be written as the end of a day', () => {
  assert.deepEqual(timeOf('2024-02-29T10:00:00'), { localMs: Date.UTC(2024, 1, 29, 10) });
  assert.deepEqual(timeOf('2000-02-29 10:00:00Z'), { utcMs: Date.UTC(2000, 1, 29, 10) });
  assert.deepEqual(timeOf('2024-02-28T24:00:00'), { localMs: Date.UTC(2024, 1, 29) });
  for (const text of ['2023-02-29T10:00:00', '2100-02-29T10:00:00Z', '2024.04.31T10:00:00', '2024-00-10T10:00:00']) {
    assert.equal(timeOf(text), undefined, text);
  }
});
