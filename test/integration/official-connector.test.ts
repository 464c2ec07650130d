import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { startCloud } from '../harness/cloud.ts';

interface Answer {
  readonly success: boolean;
  readonly result: unknown;
  readonly code?: number;
}

const program = join(import.meta.dirname, 'official-client.ts');

test("the vendor's own Node connector logs in, registers, reads, reports, commands and outlives its token", async (t) => {
  const { cloud, fault, commands, received, devices } = await startCloud(t);
  const child = fork(program, [cloud.url, cloud.clientId, cloud.secret, 'official0001'], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: cloud.caFile },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  t.after(() => child.kill('SIGKILL'));
  let [printed, complaints] = ['', ''];
  child.stdout?.on('data', (text: Buffer) => (printed += text.toString()));
  child.stderr?.on('data', (text: Buffer) => (complaints += text.toString()));
  const ended = once(child, 'close');
  await Promise.race([once(child, 'message'), ended]);
  assert.equal(child.exitCode, null, complaints);
  await fault({ kind: 'token-expiry', count: 1 });
  child.send('the token has ended');
  await ended;
  assert.equal(child.exitCode, 0, complaints);

  const answers = JSON.parse(printed) as Record<string, Answer>;
  const [device] = await devices();
  const about = { id: device?.device_id, name: 'Spare lamp – Küche', product_id: 'p1', online: true };
  for (const [name, { success, code }] of Object.entries(answers)) assert.ok(success, `${name}: code ${code}`);
  assert.deepEqual(Object.assign({}, answers['detail']?.result, about), answers['detail']?.result);
  assert.deepEqual(answers['again']?.result, answers['detail']?.result, 'the connector renewed the token by itself');
  assert.deepEqual(answers['status']?.result, [{ code: 'switch_1', value: true }]);
  assert.deepEqual(answers['statuses']?.result, [{ id: device?.device_id, status: answers['status']?.result }]);
  assert.deepEqual(
    (await commands()).map((command) => command.commands),
    [[{ code: 'switch_1', value: false }]],
  );
  assert.deepEqual(
    (await received()).map(({ key, effects }) => [key, effects]),
    [['official-1', 1]],
  );
});

test('with a wrong secret the connector gets nothing', async (t) => {
  const { cloud, devices } = await startCloud(t);
  const child = fork(program, [cloud.url, cloud.clientId, 'f'.repeat(32), 'official0001'], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: cloud.caFile },
    stdio: 'ignore',
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child, 'exit');
  assert.notEqual(child.exitCode, 0);
  assert.deepEqual(await devices(), []);
});
