import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SerialPoll } from '../../../../contracts/plugin.ts';
import { pollBook } from '../../../../gateway/transports/serial/poll-book.ts';

const poll = (station: string, topic: string): SerialPoll => ({
  port: 'line',
  station,
  topic,
  request: '',
  everyMs: 10_000,
  timeoutMs: 1_000,
});
const [a1, a2, b1] = [poll('a', 'a/1'), poll('a', 'a/2'), poll('b', 'b/1')];

test('everything is asked at once after the start, then each in its interval', () => {
  const book = pollBook([a1, a2, b1]);
  for (const expected of [a1, a2, b1]) {
    assert.deepEqual(book.next(0), { poll: expected, inMs: 0 });
    book.settle(expected, true, 0);
  }
  assert.deepEqual(book.next(4_000), { poll: a1, inMs: 6_000 });
  book.hurry('b', 4_000);
  assert.deepEqual(book.next(4_000), { poll: b1, inMs: 0 });
});

test('a station is offline after three misses, is then tried with one question, and asked everything when it is back', () => {
  const book = pollBook([a1, a2]);
  assert.equal(book.settle(a1, true, 0), 'online');
  assert.equal(book.settle(a2, false, 0), undefined);
  assert.equal(book.settle(a1, false, 10_000), undefined);
  assert.equal(book.settle(a2, false, 10_000), 'offline');
  assert.equal(book.settle(a1, false, 20_000), undefined);
  assert.deepEqual(book.next(20_000), { poll: a1, inMs: 30_000 });
  assert.equal(book.settle(a1, true, 50_000), 'online');
  assert.deepEqual(book.next(50_000), { poll: a2, inMs: 0 });
});

test('when the line is lost, whoever was online is offline', () => {
  const book = pollBook([a1, b1]);
  book.settle(a1, true, 0);
  assert.deepEqual(book.lost(1_000), ['a']);
  assert.deepEqual(book.lost(1_000), []);
});
