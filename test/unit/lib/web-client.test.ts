import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

// `moduleLoadList` names the modules of Node itself that a process has loaded.
const weighed = `
  const { snapshotGlobals } = await import('./gateway/lib/inspect-live.ts');
  await import('./gateway/transports/mqtt/listeners.ts');
  await import('./gateway/transports/mqtt/websocket-server.ts');
  const changed = snapshotGlobals()();
  globalThis.Headers;
  console.log(changed.length, LOADED);
`;
const loaded = `process.moduleLoadList.filter((name) => name.endsWith('undici/undici')).length`;

const run = (script: string): string =>
  execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }).trim();

void test('neither the listeners nor the look at globals loads the web client of Node', () => {
  assert.equal(run(weighed.replace('globalThis.Headers;', '').replace('LOADED', loaded)), '0 0');
});

void test('a look at the value of a web global does', () => {
  assert.equal(run(weighed.replace('LOADED', loaded)), '0 1');
});
