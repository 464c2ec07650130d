import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { openLog } from '../../../gateway/observability/log.ts';

for (const format of ['text', 'json'] as const) {
  test(`a ${format} log shows the sentence and never a secret`, () => {
    let printed = '';
    const destination = new Writable({
      write(chunk: Buffer, _encoding, done) {
        printed += chunk.toString();
        done();
      },
    });
    const log = openLog({ level: 'info', format, destination });
    log.info({ password: 'canary-1', account: { secret: 'canary-2', clientId: 'me' } }, 'logged in');
    log.debug('not shown');
    assert.match(printed, /logged in/);
    assert.match(printed, /me/);
    assert.doesNotMatch(printed, /canary|not shown/);
  });
}
