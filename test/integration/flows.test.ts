import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectAsync } from 'mqtt';
import { startDaemon } from '../harness/daemon.ts';
import { asAdministrator, deploy, flowsRun } from '../harness/flows.ts';
import { lampId, plugIn, resultsIn } from '../harness/lamp.ts';
import { waitUntil } from '../harness/wait-until.ts';

const config = { flows: { enabled: true }, commands: { quietSeconds: 0 } };

const button = 'json:devices/button/state';
/** A button switches the lamp on; the message goes to the command twice. */
const buttonToLamp = [
  { id: 'f1', type: 'tab', label: 'button' },
  {
    id: 'in',
    z: 'f1',
    type: 'portcullis-device-in',
    devices: button,
    metrics: 'x.json.pressed',
    wires: [['out', 'out']],
  },
  {
    id: 'out',
    z: 'f1',
    type: 'portcullis-command-out',
    device: lampId,
    command: 'switch',
    args: '{"on":true}',
    wires: [[], []],
  },
];

test('a flow switches a lamp once; its editor is there for who may see it only', async (t) => {
  const daemon = await startDaemon(t, { config });
  await using lamp = await plugIn(daemon);
  await flowsRun(daemon);
  assert.equal((await deploy(daemon, buttonToLamp)).status, 200);
  const client = await connectAsync({ host: '127.0.0.1', port: daemon.mqttPort });
  t.after(() => client.endAsync(true));
  await client.publishAsync('devices/button/state', '{"pressed":true}', { qos: 1 });
  await waitUntil('the lamp to be on', () => lamp.on);
  await waitUntil('the result', () => resultsIn(daemon.dataDir).length > 0);
  assert.deepEqual(lamp.told, ['ON']);

  const exec = [...buttonToLamp, { id: 'x', z: 'f1', type: 'exec', wires: [[], [], []] }];
  const refused = await deploy(daemon, exec);
  assert.deepEqual(
    [refused.status, ((await refused.json()) as { detail: string }).detail.slice(0, 33)],
    [422, 'Nodes of the type "exec" are off.'],
  );

  const page = await asAdministrator(daemon, '/flows/');
  assert.equal(page.status, 200);
  assert.match(await page.text(), /red\.min\.js/);
  assert.match(page.headers.get('content-security-policy') ?? '', /unsafe-eval/);
  const settings = (await (await asAdministrator(daemon, '/flows/settings')).json()) as Record<string, unknown>;
  assert.deepEqual(settings['user'], { username: 'administrator token', permissions: '*' });
  const nodes = await asAdministrator(daemon, '/flows/nodes', { headers: { accept: 'application/json' } });
  const sets = (await nodes.json()) as { types: string[]; err?: string; module: string }[];
  assert.deepEqual(
    sets.flatMap(({ err }) => err ?? []),
    [],
  );
  assert.equal(sets.filter(({ module }) => module === 'node-red-contrib-portcullis').length, 7);
  assert.ok(!sets.some(({ types }) => types.includes('exec') || types.includes('file') || types.includes('tcp in')));
  const stranger = await fetch(`http://127.0.0.1:${daemon.httpPort}/flows/settings`);
  assert.equal(stranger.status, 401);
  assert.equal(await daemon.stop(), 0);
});
