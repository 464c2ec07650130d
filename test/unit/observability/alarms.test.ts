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

test('a consequence is not shown beside the alarm that explains it, and is when only it is left', () => {
  const heard: string[] = [];
  using book = openAlarmBook(
    () => 0,
    ({ code }, active) => heard.push(`${code} ${active ? 'raised' : 'cleared'}`),
  );
  const told = (code: string, active: boolean, explains?: readonly string[]): void =>
    tell('alarm', { code, subject: 'tuya', detail: code, active, ...(explains && { explains }) });
  const shown = (): readonly string[] => book.active().map(({ code, subject }) => `${code} ${subject}`);
  told('credentials', true, ['outage', 'stopped']);
  told('outage', true);
  told('stopped', true, ['outage']);
  tell('alarm', { code: 'outage', subject: 'kafka', detail: '', active: true });
  assert.deepEqual(shown(), ['credentials tuya', 'outage kafka']);
  told('credentials', false);
  assert.deepEqual(shown(), ['stopped tuya', 'outage kafka']);
  told('stopped', false);
  told('outage', false);
  assert.deepEqual(heard, [
    'credentials raised',
    'outage raised',
    'credentials cleared',
    'stopped raised',
    'stopped cleared',
    'outage raised',
    'outage cleared',
  ]);
  assert.deepEqual(shown(), ['outage kafka']);
});
