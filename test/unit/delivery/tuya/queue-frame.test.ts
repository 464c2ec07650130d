import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { frameSchema, openFrame } from '../../../../gateway/delivery/tuya/down/queue-frame.ts';

interface Vectors {
  readonly accessKey: string;
  readonly vectors: readonly {
    readonly id: string;
    readonly frame: {
      readonly messageId: string;
      readonly payload: string;
      readonly properties: { readonly em: string };
    };
    readonly inner: { readonly protocol: number };
    readonly plaintext: unknown;
  }[];
}

const file = new URL('../../../fixtures/tuya-queue-vectors.json', import.meta.url);
const { accessKey, vectors } = JSON.parse(readFileSync(file, 'utf8')) as Vectors;

test('there are vectors of both protocols in both modes', () => assert.equal(vectors.length, 4));

for (const { id, frame, inner, plaintext } of vectors) {
  test(`what the official client decrypts is decrypted alike: ${id}`, () => {
    const opened = openFrame(frameSchema.parse(frame), accessKey);
    assert.deepEqual(opened, { protocol: inner.protocol, data: plaintext });
  });

  test(`another key, a changed byte and an unknown mode are refused without a word of the content: ${id}`, () => {
    const parsed = frameSchema.parse(frame);
    const outer = JSON.parse(Buffer.from(frame.payload, 'base64').toString()) as { data: string };
    const bytes = Buffer.from(outer.data, 'base64');
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    const changed = Buffer.from(JSON.stringify({ ...outer, data: bytes.toString('base64') })).toString('base64');
    const attempts = [
      () => openFrame(parsed, 'f'.repeat(32)),
      () => openFrame({ ...parsed, payload: changed }, accessKey),
      () => openFrame({ ...parsed, properties: { em: 'rot13' } }, accessKey),
      () => openFrame({ ...parsed, payload: 'bm8=' }, accessKey),
    ];
    for (const attempt of attempts)
      assert.throws(attempt, { code: 'DECODE_FAILED', message: /^A message of the queue/ });
  });
}
