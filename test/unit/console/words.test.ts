import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted, number, timeOfDay, when, whenExactly } from '../../../gateway/console/src/parts/words.ts';

test('numbers are grouped, have at most two decimals, and keep their sign', () => {
  const written = {
    0: '0',
    7: '7',
    999: '999',
    1000: '1,000',
    1234567.891: '1,234,567.89',
    0.005: '0.01',
    21.5: '21.5',
  };
  for (const [value, text] of Object.entries(written)) assert.equal(number(Number(value)), text);
  assert.equal(number(-12345.6), '-12,345.6');
  assert.deepEqual([counted(1, 'device'), counted(1200, 'device')], ['1 device', '1,200 devices']);
});

test('times have 24 hours, and a day where it is not today', () => {
  const at = new Date(2026, 2, 3, 5, 4, 9, 7).getTime();
  assert.equal(when(at), '3 Mar, 05:04');
  assert.equal(timeOfDay(at), '05:04:09.007');
  assert.equal(whenExactly(at), '3 Mar 2026, 05:04:09');
  const today = new Date();
  today.setHours(23, 5);
  assert.equal(when(today.getTime()), '23:05');
});
