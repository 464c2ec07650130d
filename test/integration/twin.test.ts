import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Measurement } from '../../contracts/message.ts';
import type { ShownTwin, TwinChange } from '../../contracts/twin.ts';
import { inspectBuffer } from '../../gateway/buffer/inspect.ts';
import { cli } from '../harness/cli.ts';
import { startDaemon, type Daemon } from '../harness/daemon.ts';
import { lampId, plugIn } from '../harness/lamp.ts';
import { waitUntil } from '../harness/wait-until.ts';

const run = promisify(execFile);
const quick = { config: { commands: { quietSeconds: 0 } } };
const path = `/api/v1/devices/${lampId}/twin`;

const twinOf = (daemon: Daemon): Promise<ShownTwin> => daemon.api<ShownTwin>(path);
const isReached = async (daemon: Daemon): Promise<boolean> =>
  (await twinOf(daemon)).desired['switch.state']?.state === 'reached';

interface Failed {
  readonly code: number;
  readonly stderr: string;
}

/** `portcullis twin …`; rejects with what it said. */
const say = async ({ dataDir }: Daemon, ...args: string[]): Promise<string> =>
  (await run(process.execPath, [cli, 'twin', ...args, '--config', join(dataDir, '../portcullis.yaml')])).stdout;

/** Changes of twins in the log, as `op version`. */
function changesIn(dataDir: string): string[] {
  using buffer = inspectBuffer(dataDir);
  return [...buffer.records()].flatMap(({ record }) => {
    const { change } = record as Measurement;
    return change?.subject === 'twin' ? [`${change.op} ${change.version}`] : [];
  });
}

test('what a lamp shall be while it is away is brought to it once when it comes back, also over a kill before the command', async (t) => {
  const daemon = await startDaemon(t, quick);
  await (await plugIn(daemon))[Symbol.asyncDispose]();
  assert.deepEqual((await twinOf(daemon)).reported.state['switch.state']?.value, false);

  const asked = JSON.parse(await say(daemon, 'set', lampId, 'switch.state=on', '--json')) as ShownTwin;
  assert.deepEqual(asked.delta, { 'switch.state': true });
  const stale = await say(daemon, 'set', lampId, 'switch.state=off', '--if-version', '0').catch(
    (error: Failed) => error,
  );
  assert.ok(typeof stale === 'object' && stale.code === 1 && stale.stderr.includes('by now'), JSON.stringify(stale));

  await using lamp = await plugIn(daemon);
  await waitUntil('the wish to be reached', () => isReached(daemon));
  assert.deepEqual(lamp.told, ['ON']);
  assert.match(await say(daemon, 'get', lampId), /^version\t2\n.*\nswitch\.state\ttrue\ttrue\treached\t\n$/);

  await daemon.kill();
  await daemon.start();
  const { delta, desired } = await twinOf(daemon);
  assert.deepEqual([delta, desired['switch.state']?.state], [{}, 'reached']);
  const changes = JSON.parse(await say(daemon, 'history', lampId, '--json')) as TwinChange[];
  assert.deepEqual(
    changes.map(({ event, by }) => `${event} ${by}`),
    ['reached device', 'reported device', 'asked api', 'reported device'],
  );
  assert.deepEqual(lamp.told, ['ON']);

  await daemon.kill();
  await daemon.start({ PORTCULLIS_BREAK: `die-at-wished@${lampId}` });
  const death = daemon.ended();
  await assert.rejects(say(daemon, 'set', lampId, 'switch.state=off'));
  await death;
  await daemon.start({ PORTCULLIS_BREAK: '' });
  await waitUntil('the wish of the life before to be reached', () => isReached(daemon));
  assert.deepEqual([lamp.told, lamp.on], [['ON', 'OFF'], false]);
  const metrics = await (await fetch(`http://127.0.0.1:${daemon.httpPort}/metrics`)).text();
  assert.match(metrics, /^portcullis_twin_wishes\{state="reached"\} 1$/m);
  const unknown = await say(daemon, 'get', 'nobody').catch((error: Failed) => error);
  assert.deepEqual(typeof unknown === 'object' && [unknown.code, unknown.stderr], [
    1,
    'portcullis: There is no device "nobody".\n',
  ]);
  const open = await fetch(`http://127.0.0.1:${daemon.httpPort}${path}`, { method: 'PATCH' });
  assert.deepEqual([open.status, open.headers.get('content-type')?.split(';')[0]], [401, 'application/problem+json']);
  await daemon.stop();
  assert.deepEqual(changesIn(daemon.dataDir), ['created 1', 'updated 2', 'updated 3', 'updated 4']);
});

test('a gateway that goes on before a wish is durable is found out', async (t) => {
  const env = { PORTCULLIS_BREAK: `act-before-commit,die-at-wished@${lampId}` };
  const daemon = await startDaemon(t, { ...quick, env });
  await (await plugIn(daemon))[Symbol.asyncDispose]();
  const death = daemon.ended();
  await assert.rejects(say(daemon, 'set', lampId, 'switch.state=on'));
  await death;
  await daemon.start({ PORTCULLIS_BREAK: '' });
  assert.deepEqual((await twinOf(daemon)).desired, {}, 'nobody remembers the wish');
});
