import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isoTimeIn } from '../../../gateway/lib/iso-time.ts';

test('a time is read with and without seconds, with a zone, in wall time, and as a day', () => {
  const at = Date.UTC(2026, 10, 21, 10);
  for (const text of ['2026-11-21T10:00:00Z', '2026-11-21T10:00:00.000Z', '2026-11-21T12:00+02:00']) {
    assert.equal(isoTimeIn(text), at, text);
  }
  assert.equal(isoTimeIn('2026-11-21T10:00'), new Date(2026, 10, 21, 10).getTime());
  assert.equal(isoTimeIn('2028-02-29'), Date.UTC(2028, 1, 29));
});

test('a day that no calendar has, an hour that no clock has, and what is no time are none', () => {
  for (const text of [
    '2026-02-30',
    '2026-02-29T10:00:00Z',
    '2026-04-31T10:00+02:00',
    '2026-13-01',
    '2026-00-10',
    '2026-11-21T25:00Z',
    '2026-11-21T10:61Z',
    '2026-11-21T10:00+99:00',
    'Feb 30 2026',
    '2026-1-1',
    '2026',
    '',
    'yesterday',
  ]) {
    assert.equal(isoTimeIn(text), undefined, text);
  }
});
