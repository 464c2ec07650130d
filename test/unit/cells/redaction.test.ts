import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redaction } from '../../../gateway/cells/redaction.ts';

const secret = 'canary/5f1f=6c0e+"x';
const { text, answer } = redaction([secret, 'pin7', 'no']);

test('a secret is taken out of a sentence in every form in which libraries write it', () => {
  for (const form of [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
  ]) {
    assert.equal(text(`GET /?token=${form} failed`), 'GET /?token=[secret] failed');
  }
  assert.equal(text('there is no device'), 'there is no device');
  assert.equal(text('pin7 is wrong'), '[secret] is wrong');
});

test('a secret that was cut off at the end of a sentence is gone as well', () => {
  assert.equal(text(`Bearer ${secret.slice(0, 9)}`), 'Bearer [secret]');
  assert.equal(text('Bearer can'), 'Bearer can');
});

test('answers of a codec lose it where it would be stored or shown, and keep it where it goes to a device', () => {
  const metric = (value: string) => ({ n: 'x.acme.note', key: 'note', value });
  const reading = (value: string, key: string) => ({
    device: 'acme:pin7',
    kind: 'telemetry' as const,
    metrics: [metric(value)],
    meta: { [key]: value },
  });
  const lessons = (json: string) => [{ key: 'token', json }];
  assert.deepEqual(
    answer({
      is: 'decoded',
      readings: [reading(secret, secret)],
      lessons: lessons(JSON.stringify(secret)),
      failed: secret,
    }),
    {
      is: 'decoded',
      readings: [reading('[secret]', '[secret]')],
      lessons: lessons('"[secret]"'),
      failed: '[secret]',
    },
  );
  assert.deepEqual(answer({ is: 'refused', code: 'decode-failed', detail: `x ${secret}`, error: 'pin7' }), {
    is: 'refused',
    code: 'decode-failed',
    detail: 'x [secret]',
    error: '[secret]',
  });
  const command = { is: 'encoded', outbound: [{ topic: 'acme/login', payload: secret, qos: 1 }] } as const;
  assert.deepEqual(answer(command), command);
});
