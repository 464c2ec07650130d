import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { framer } from '../../../../gateway/transports/serial/framing.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
const crlf = { as: 'delimiter', delimiter: bytes('\r\n') } as const;
const inText = (frames: readonly Uint8Array[]): string[] => frames.map((frame) => Buffer.from(frame).toString());

test('lines come out as they went in, however the stream is cut', () => {
  const line = fc.stringMatching(/^[a-z]{1,20}$/);
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (lines, sizes) => {
      const stream = Buffer.from(lines.map((one) => `${one}\r\n`).join(''));
      const cutter = framer(crlf, 64);
      const out: string[] = [];
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        out.push(...inText(cutter.push(stream.subarray(at, at + size)).frames));
        at += size;
      }
      assert.deepEqual(out, lines);
    }),
  );
});

test('a line without end is given up once, and the next one is read', () => {
  const cutter = framer(crlf, 8);
  assert.equal(cutter.push(bytes('x'.repeat(20))).overlong, 1);
  assert.equal(cutter.push(bytes('x'.repeat(20))).overlong, 0);
  assert.deepEqual(inText(cutter.push(bytes('xx\r')).frames), []);
  assert.deepEqual(inText(cutter.push(bytes('\nnext\r\n')).frames), ['next']);
});

test('messages of fixed length begin anew after a torn one', () => {
  const cutter = framer({ as: 'length', bytes: 3 }, 64);
  assert.deepEqual(inText(cutter.push(bytes('abcdefg')).frames), ['abc', 'def']);
  assert.equal(cutter.silence().torn, 1);
  assert.deepEqual(inText(cutter.push(bytes('xyz')).frames), ['xyz']);
});

test('a silence ends a message, and one that is too long is none', () => {
  const cutter = framer({ as: 'gap', silenceMs: 20 }, 8);
  cutter.push(bytes('ab'));
  cutter.push(bytes('cd'));
  assert.deepEqual(inText(cutter.silence().frames), ['abcd']);
  cutter.push(bytes('x'.repeat(9)));
  assert.deepEqual(cutter.silence(), { frames: [], overlong: 1, torn: 0 });
  assert.deepEqual(cutter.silence(), { frames: [], overlong: 0, torn: 0 });
});
