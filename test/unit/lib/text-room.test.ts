import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { laidTexts, layTexts, openRoom } from '../../../gateway/lib/text-room.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const long = fc.tuple(text, fc.integer({ min: 200, max: 2_000 })).map(([one, times]) => one.repeat(times));

test('texts in a room come out as they went in; what is short or does not fit stays outside', () => {
  const room = openRoom(new SharedArrayBuffer(64 * 1024));
  const seen = { laid: 0, short: 0, tooLong: 0 };
  fc.assert(
    fc.property(fc.array(fc.oneof(text, long), { maxLength: 4 }), (texts) => {
      const ends = layTexts(texts, room);
      const bytes = Buffer.byteLength(texts.join(''));
      if (ends === undefined) {
        const isShort = texts.join('').length < 8 * 1024;
        assert.ok(isShort || bytes > room.length);
        seen[isShort ? 'short' : 'tooLong'] += 1;
        return;
      }
      seen.laid += 1;
      assert.equal(ends.at(-1), bytes);
      assert.deepEqual(
        laidTexts(ends, room).map((one) => one.toString()),
        texts,
      );
    }),
    { numRuns: 300 },
  );
  for (const [what, times] of Object.entries(seen)) assert.ok(times > 0, what);
});
