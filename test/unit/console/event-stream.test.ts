import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventReader } from '../../../gateway/console/src/asking/event-stream.ts';

test('events are put together wherever the network cut them, and signs of life are none', () => {
  const text =
    ': still here\n\nid: a-1\nevent: measurement\ndata: {"m":[]}\n\nevent: gap\r\ndata: {"missing":"some"}\r\n\r\ndata: one\ndata: two\n\nid: x\n\n';
  const expected = [
    { type: 'measurement', data: '{"m":[]}', id: 'a-1' },
    { type: 'gap', data: '{"missing":"some"}', id: undefined },
    { type: 'message', data: 'one\ntwo', id: undefined },
  ];
  assert.deepEqual(eventReader()(text), expected);
  for (const size of [1, 2, 7]) {
    const read = eventReader();
    const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, n) =>
      text.slice(n * size, (n + 1) * size),
    );
    assert.deepEqual(pieces.flatMap(read), expected);
  }
});
