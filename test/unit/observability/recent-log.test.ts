import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { openLog } from '../../../gateway/observability/log.ts';
import { RecentLog } from '../../../gateway/observability/recent-log.ts';

const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });

test('the newest lines are kept by level, without secrets, and without end to their number', () => {
  const recent = new RecentLog();
  const log = openLog({ level: 'debug', format: 'text', destination: nowhere, recent });
  log.debug('looked');
  log.warn({ device: 'lamp', password: 'canary' }, 'was refused');
  const [warned, ...others] = recent.lines('info', 10);
  assert.deepEqual(others, []);
  assert.equal(warned?.text, 'was refused');
  assert.equal(warned.level, 'warn');
  assert.equal(warned.detail, '{"device":"lamp","password":"[secret]"}');
  assert.equal(recent.lines('trace', 10).length, 2);
  for (let n = 0; n < 1_500; n++) log.info(`line ${n}`);
  assert.equal(recent.lines('trace', 5_000).length, 1_000);
  assert.equal(recent.lines('trace', 1)[0]?.text, 'line 1499');
  log.info({ dump: 'x'.repeat(100_000) }, 'long');
  assert.match(recent.lines('trace', 1)[0]?.text ?? '', /^long … \(cut off\)$/);
  for (let n = 0; n < 200; n++) log.info({ some: 'y'.repeat(3_000) }, 'wide');
  assert.ok(recent.lines('trace', 5_000).length < 100);
});
