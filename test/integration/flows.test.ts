import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Alarm } from '../../contracts/alarms.ts';
import type { ShownTwin } from '../../contracts/twin.ts';
import { flowsCommand } from '../../gateway/cli/flows.ts';
import { commandLine } from '../harness/command-line.ts';
import { startDaemon, type Daemon } from '../harness/daemon.ts';
import { asAdministrator, deploy, flowsRun, flowsStatus, patienceMs } from '../harness/flows.ts';
import { lampId, plugIn, type Lamp } from '../harness/lamp.ts';
import { buttonId, deskId, hoarder, paletteFlow } from '../harness/palette-flow.ts';
import { post } from '../harness/post.ts';
import { waitUntil } from '../harness/wait-until.ts';

const config = { flows: { enabled: true }, commands: { quietSeconds: 0 }, preprocess: { dedupeWindowSeconds: 0 } };

/** Resolves when the gateway has stored it. */
const says = (button: MqttClient, said: object): Promise<unknown> =>
  button.publishAsync('devices/button/state', JSON.stringify(said), { qos: 1 });

const alarmsOf = async (daemon: Daemon): Promise<readonly Alarm[]> =>
  ((await (await asAdministrator(daemon, '/api/v1/alarms')).json()) as { alarms: Alarm[] }).alarms;

/** Waits for an alarm and resolves with its detail. */
async function raised(daemon: Daemon, code: string): Promise<string> {
  let found: Alarm | undefined;
  await waitUntil(code, async () => {
    found = (await alarmsOf(daemon)).find((one) => one.code === code);
    return found !== undefined;
  });
  return found?.detail ?? '';
}

test('flows use every node of the palette; what hangs or takes too much memory is ended while devices go on, and its editor is there for who may see it only', async (t) => {
  const daemon = await startDaemon(t, { config });
  const say = commandLine(t, daemon);
  await using lamp = await plugIn(daemon);
  await using desk = await plugIn(daemon, { name: 'desk' });
  const button = await connectAsync({ host: '127.0.0.1', port: daemon.mqttPort });
  t.after(() => button.endAsync(true));
  await flowsRun(daemon);
  const file = join(daemon.dataDir, '../flows.json');
  writeFileSync(file, JSON.stringify(paletteFlow));
  assert.match(await say(flowsCommand(), 'deploy', file), /^Node-RED is running, .* \(generation 1\)\./);
  await flowsRun(daemon);
  assert.match(await say(flowsCommand(), 'status'), /^Node-RED is running, its flows are started \(generation 1\)\./);

  await everyNodeWorks(daemon, button, lamp, desk);
  await everybodySeesWhatTheyMay(daemon);
  await whatIsOffStaysOff(daemon);

  await says(button, { stuck: 'in the function' });
  assert.equal(await raised(daemon, 'flow.ended'), 'A function node was ended.');
  await says(button, { stuck: 'behind a timer' });
  await waitUntil('Node-RED to be ended', async () => (await flowsStatus(daemon)).state !== 'running', patienceMs);
  assert.match((await flowsStatus(daemon)).detail, /^it did not answer for 20 s/);
  await flowsRun(daemon);

  assert.equal((await deploy(daemon, hoarder)).status, 200);
  await waitUntil('it to be held', async () => (await flowsStatus(daemon)).state === 'held', patienceMs);
  assert.match(await raised(daemon, 'flows-held'), /ended 5 times and is held: it used more than 160 MB of memory/);
  await says(button, { pressed: true, n: 1 });
  assert.match(await say(flowsCommand(), 'history'), /^2\t.*\tadministrator token\t\d+ B\n1\t/);
  await say(flowsCommand(), 'restore');
  assert.match(await say(flowsCommand(), 'start'), /^Node-RED is starting, .* \(generation 3\)\./);
  await flowsRun(daemon);
  const before = lamp.told.length;
  await says(button, { pressed: true, n: 2 });
  await waitUntil('the lamp to be told again', () => lamp.told.length > before);
  assert.equal(await daemon.stop(), 0);
});

async function everyNodeWorks(daemon: Daemon, button: MqttClient, lamp: Lamp, desk: Lamp): Promise<void> {
  await says(button, { pressed: true });
  await waitUntil('the lamp to be on', () => lamp.on);
  assert.equal(await raised(daemon, 'flow.pressed'), 'Somebody is at the button.');
  assert.match(await raised(daemon, 'flow.done'), new RegExp(`"state":"acked".*"device":"${lampId}"`));
  assert.match(await raised(daemon, 'flow.twin'), /"switch\.state":\{"value":(false|true)/);
  assert.match(await raised(daemon, 'flow.past'), /"last":true/);
  assert.match(await raised(daemon, 'flow.wished'), new RegExp(`"device":"${deskId}".*"by":"flows"`));
  await waitUntil('the lamp of the desk to be on', () => desk.on);
  const { desired } = await daemon.api<ShownTwin>(`/api/v1/devices/${deskId}/twin`);
  assert.equal(desired['switch.state']?.value, true);
  await says(button, { pressed: false });
  await waitUntil('the lamp to be off', () => !lamp.on);
  assert.deepEqual([lamp.told, desk.told], [['ON', 'OFF'], ['ON']], `what ${buttonId} said is done once`);
}

/** Who looks at the editor is told what they may; who may not is told nothing. */
async function everybodySeesWhatTheyMay(daemon: Daemon): Promise<void> {
  const page = await asAdministrator(daemon, '/flows/');
  assert.equal(page.status, 200);
  assert.match(await page.text(), /red\.min\.js/);
  assert.match(page.headers.get('content-security-policy') ?? '', /unsafe-eval.*frame-ancestors 'self'$/);
  const at = `http://127.0.0.1:${daemon.httpPort}/flows`;
  const userOf = async (headers: Record<string, string>): Promise<unknown> =>
    ((await (await fetch(`${at}/settings`, { headers })).json()) as Record<string, unknown>)['user'];
  const bearer = async (role: string): Promise<Record<string, string>> => {
    const { secret } = await post<{ secret: string }>(daemon, '/api/v1/tokens', { name: role, role });
    return { authorization: `Bearer ${secret}` };
  };
  const [viewer, machine] = [await bearer('viewer'), await bearer('machine')];
  assert.deepEqual(await userOf(viewer), { username: 'viewer', permissions: 'read' });
  const wish = { method: 'POST', body: '{"flows":[]}', headers: { ...viewer, 'content-type': 'application/json' } };
  assert.equal((await fetch(`${at}/flows`, wish)).status, 403);
  assert.equal((await fetch(`${at}/settings`, { headers: machine })).status, 403);
  assert.equal((await fetch(`${at}/settings`)).status, 401);
}

async function whatIsOffStaysOff(daemon: Daemon): Promise<void> {
  const refused = await deploy(daemon, [...paletteFlow, { id: 'x', z: 'f1', type: 'exec', wires: [[], [], []] }]);
  const { detail } = (await refused.json()) as { detail: string };
  assert.deepEqual([refused.status, detail.slice(0, 33)], [422, 'Nodes of the type "exec" are off.']);
  const nodes = await asAdministrator(daemon, '/flows/nodes', { headers: { accept: 'application/json' } });
  const sets = (await nodes.json()) as { types: string[]; err?: string; module: string }[];
  const failed = sets.flatMap(({ err }) => err ?? []);
  assert.deepEqual(failed, []);
  assert.equal(sets.filter(({ module }) => module === 'node-red-contrib-portcullis').length, 7);
  assert.ok(!sets.some(({ types }) => types.includes('exec') || types.includes('file') || types.includes('tcp in')));
  const help = await (await asAdministrator(daemon, '/flows/nodes', { headers: { accept: 'text/html' } })).text();
  assert.equal([...help.matchAll(/data-help-name="portcullis-/g)].length, 7);
  const installed = await asAdministrator(daemon, '/flows/nodes', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"module":"node-red-node-random"}',
  });
  assert.equal(installed.status, 404, 'there is no way to install');
}
