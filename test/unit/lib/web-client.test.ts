import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

// `moduleLoadList` names the modules of Node itself that a process has loaded.
const weighed = `
  const { snapshotGlobals } = await import('./gateway/lib/inspect-live.ts');
  const { removeWebGlobals } = await import('./gateway/lib/web-globals.ts');
  await import('./gateway/transports/mqtt/listeners.ts');
  await import('./gateway/transports/mqtt/websocket-server.ts');
  REMOVE;
  const changes = snapshotGlobals();
  THEN;
  console.log(changes().join(), process.moduleLoadList.filter((name) => name.endsWith('undici/undici')).length);
`;

const run = (then: string, remove = 'removeWebGlobals()'): string => {
  const script = weighed.replace('REMOVE', remove).replace('THEN', then);
  return execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }).trim();
};

void test('neither the listeners nor the look at globals loads the web client of Node', () => {
  assert.equal(run(''), '0');
});

void test('a look at a web global that is still there does', () => {
  assert.equal(run('', ''), '1');
});

void test('what a plugin puts in the place of a web global is seen, and loads nothing', () => {
  for (const name of ['Headers', 'Request', 'Response', 'WebSocket', 'FormData', 'MessageEvent', 'CloseEvent']) {
    assert.equal(run(`globalThis.${name} = class {}`), `globalThis.${name} 0`);
  }
});
