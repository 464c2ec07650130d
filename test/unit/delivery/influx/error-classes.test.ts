import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classOf } from '../../../../gateway/delivery/influx/error-classes.ts';

const says = (error: string): string => JSON.stringify({ error });

test('the name of a device or a metric in an answer makes no other trouble of it', () => {
  for (const name of [
    'bucket a not found',
    'database not found',
    '","error":"database not found',
    '\nbucket not found',
  ])
    for (const answer of [
      says(`partial write: field type conflict: input field "value" on measurement "${name}" is type float dropped=1`),
      JSON.stringify({ code: 'invalid', message: `unable to parse '${name} value=': missing field value` }),
      `unable to parse '${name}'`,
    ])
      assert.equal(classOf(400, answer), 'points', answer);
});

test('a database, a retention policy or a bucket that is not there is told by the status or by the error itself', () => {
  assert.equal(classOf(404, ''), 'database');
  assert.equal(classOf(404, says('database not found: "house"')), 'database');
  assert.equal(classOf(500, says('retention policy not found: year')), 'database');
  assert.equal(classOf(400, JSON.stringify({ code: 'not found', message: 'bucket "house" not found' })), 'database');
  assert.equal(classOf(500, says('timeout')), 'server');
  assert.equal(classOf(204, ''), undefined);
});
