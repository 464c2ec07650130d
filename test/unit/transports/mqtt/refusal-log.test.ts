import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { PortcullisError } from '../../../../contracts/errors.ts';
import { openRefusalLog } from '../../../../gateway/transports/mqtt/refusal-log.ts';

function setUp() {
  const lines: { msg: string; client: string; repeated?: number }[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  let now = 0;
  const refused = openRefusalLog(log, () => now);
  return { lines, refused, pass: (ms: number) => (now += ms) };
}

const wrongPassword = new Error('closed', { cause: new PortcullisError('NOT_ALLOWED', 'Refused: login-failed.') });

test('a device that is refused every second is one line, and later how often it was', () => {
  const { lines, refused, pass } = setUp();
  for (let second = 0; second < 600; second++) {
    refused({ client: 'pantry', address: '10.0.0.7', error: wrongPassword });
    pass(1_000);
  }
  refused({ client: 'pantry', address: '10.0.0.7', error: wrongPassword });
  assert.deepEqual(
    lines.map(({ msg, client, repeated }) => [msg, client, repeated]),
    [
      ['Refused: login-failed.', 'pantry', undefined],
      ['Refused: login-failed.', 'pantry', 599],
    ],
  );
});

test('a connection that merely broke is not told, another client is', () => {
  const { lines, refused } = setUp();
  refused({ client: 'a', address: '', error: new Error('read ECONNRESET') });
  refused({ client: 'a', address: '', error: wrongPassword });
  refused({ client: 'b', address: '', error: new PortcullisError('NOT_ALLOWED', 'Refused: publish-denied.') });
  assert.deepEqual(
    lines.map(({ client }) => client),
    ['a', 'b'],
  );
});
