import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openAlarmBook } from '../../../gateway/observability/alarms.ts';
import { tell } from '../../../gateway/observability/channels.ts';

test('an alarm that is told again and again is raised once, keeps its beginning, and is cleared once', () => {
  const heard: string[] = [];
  let now = 1_000;
  using book = openAlarmBook(
    () => now,
    (alarm, active) => heard.push(`${alarm.code} ${active ? 'raised' : 'cleared'}`),
  );
  const full = { code: 'disk-full', subject: 'buffer', detail: 'no room' };
  for (now = 1_000; now < 4_000; now += 1_000) tell('alarm', { ...full, active: true });
  assert.deepEqual(book.active(), [{ ...full, since: 1_000 }]);
  tell('alarm', { ...full, active: false });
  tell('alarm', { ...full, active: false });
  assert.deepEqual(book.active(), []);
  assert.deepEqual(heard, ['disk-full raised', 'disk-full cleared']);
});
