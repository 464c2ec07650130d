import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectAsync } from 'mqtt';
import { stringify } from 'yaml';
import type { Alarm } from '../../contracts/alarms.ts';
import type { Firing, ShownRule } from '../../contracts/rule-shown.ts';
import { rulesCommand } from '../../gateway/cli/rules.ts';
import { adminTokenFile } from '../../gateway/config/identity.ts';
import { commandLine, type Say } from '../harness/command-line.ts';
import { startDaemon, type Daemon } from '../harness/daemon.ts';
import { lampId, plugIn } from '../harness/lamp.ts';
import { waitUntil } from '../harness/wait-until.ts';

const quick = { config: { commands: { quietSeconds: 0 }, preprocess: { dedupeWindowSeconds: 0 } } };

interface Answer<Said> {
  readonly status: number;
  readonly said: Said;
}

async function call(
  { httpPort, dataDir }: Daemon,
  method: string,
  path: string,
  body?: object,
): Promise<Answer<unknown>> {
  const token = readFileSync(join(dataDir, adminTokenFile), 'utf8').trim();
  const answer = await fetch(`http://127.0.0.1:${httpPort}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, said: await answer.json() };
}

const send = (daemon: Daemon, method: string, path: string, body?: object): Promise<Answer<unknown>> =>
  call(daemon, method, `/rules${path}`, body);
const ask = async <Said>(...call: Parameters<typeof send>): Promise<Answer<Said>> =>
  (await send(...call)) as Answer<Said>;

const firingsOf = async (daemon: Daemon, id: string): Promise<readonly Firing[]> =>
  (await ask<{ firings: Firing[] }>(daemon, 'GET', `/${id}/firings`)).said.firings;

async function sensor({ mqttPort }: Daemon) {
  const client = await connectAsync({ host: '127.0.0.1', port: mqttPort, clientId: 'sensor', reconnectPeriod: 100 });
  client.on('error', () => undefined);
  return {
    says: (payload: object) => client.publishAsync('rig/hall/state', JSON.stringify(payload), { qos: 1 }),
    [Symbol.asyncDispose]: () => client.endAsync(true),
  };
}

const sensorId = 'json:rig/hall/state';
const light = {
  id: 'hall-light',
  name: 'Light in the hall',
  when: { metric: 'occupancy', is: true, where: { device: sensorId } },
  do: [{ command: 'switch', args: { on: true }, to: { device: lampId } }],
  otherwise: [{ command: 'switch', args: { on: false }, to: { device: lampId } }],
};

test('a sensor switches a lamp, once, also when both are renamed, and the firing says why; hazards raise alarms without any rule of the site', async (t) => {
  const daemon = await startDaemon(t, quick);
  const say = commandLine(t, daemon);
  await using lamp = await plugIn(daemon);
  await using hall = await sensor(daemon);
  const file = join(daemon.dataDir, '../hall-light.yaml');
  writeFileSync(file, stringify(light));
  assert.equal(
    await say(rulesCommand(), 'check', file),
    `The rule is valid.\nWarning: There is no device "${sensorId}" at work here.`,
  );
  assert.match(await say(rulesCommand(), 'add', file), /^hall-light\town\tready\t/);
  await hall.says({ occupancy: true, n: 1 });
  await waitUntil('the lamp to be on', () => lamp.on);
  await hall.says({ occupancy: true, n: 2 });
  for (const [id, name] of [
    [lampId, 'Ceiling'],
    [sensorId, 'Eye'],
  ] as const)
    assert.equal((await call(daemon, 'PATCH', `/devices/${encodeURIComponent(id)}`, { name })).status, 200);
  await hall.says({ occupancy: false, n: 3 });
  await waitUntil('the lamp to be off', () => !lamp.on);
  assert.deepEqual(lamp.told, ['ON', 'OFF']);
  const [, on] = await firingsOf(daemon, light.id);
  assert.deepEqual(on?.why, [
    { condition: 'occupancy is true', holds: true, values: [{ device: sensorId, value: true }] },
  ]);
  assert.deepEqual([on?.did[0]?.to, on?.did[0]?.outcome], [lampId, 'taken']);

  await hall.says({ smoke: true });
  await waitUntil('the alarm, with the new name', async () => {
    const { alarms } = await daemon.api<{ alarms: Alarm[] }>('/api/v1/alarms');
    return alarms.some((one) => one.code === 'FIRE' && one.subject === sensorId && one.detail.includes('Eye'));
  });
  await theCommandLineHandlesIt(say, file);
});

/** Everything else that `portcullis rules` does, with a rule that has fired twice. */
async function theCommandLineHandlesIt(say: Say, file: string): Promise<void> {
  const rules = (...args: string[]): Promise<string> => say(rulesCommand(), ...args);
  const { id } = light;
  assert.match(await rules('firings', id), /\tover\t.*\n.*\ton\toccupancy is true \| .* true\tswitch.* taken/);
  for (const rule of [id, file]) {
    assert.match(
      await rules('try', rule, '--from', '1h'),
      /^\d+ samples? of 1 device.*: it would have fired 2 times\.\n/,
    );
  }
  await assert.rejects(rules('try', id, '--from', 'yesterday'), { code: 'USAGE' });
  assert.match(await rules('disable', id), /^hall-light\town\toff\t/);
  assert.match(await rules('enable', id), /^hall-light\town\tready\t/);
  assert.equal(await rules('flag', 'armed', 'on'), 'armed\ton');
  assert.equal(await rules('flag', 'armed', 'off', '--json'), '{"armed":false}');
  assert.equal((JSON.parse(await rules('show', id)) as ShownRule).rule?.name, light.name);
  assert.match(await rules('list'), /^hall-light\t/m);
  assert.equal(await rules('remove', id), 'hall-light is removed.');
  assert.doesNotMatch(await rules('list'), /^hall-light\t/m);
  await assert.rejects(rules('show', id), { code: 'NOT_FOUND' });
  writeFileSync(file, 'id: hall-light\nname: x\n');
  await assert.rejects(rules('check', file), /either when or choose/);
}

test('a delay goes on over kill -9, and what was asked for is done once', async (t) => {
  const daemon = await startDaemon(t, quick);
  await using lamp = await plugIn(daemon);
  {
    await using hall = await sensor(daemon);
    await send(daemon, 'POST', '', { rule: { ...light, for: '8s' } });
    await hall.says({ occupancy: true });
  }
  await daemon.kill();
  await daemon.start();
  await waitUntil('the lamp to be on', () => lamp.on);
  await daemon.kill();
  await daemon.start();
  await waitUntil(
    'the rule to be chosen still',
    async () => (await ask<ShownRule>(daemon, 'GET', `/${light.id}`)).said.active.length === 1,
  );
  assert.deepEqual(lamp.told, ['ON']);
  assert.equal((await firingsOf(daemon, light.id)).length, 1);
});

test('rules that drive each other, go beyond limits or are wrong are refused with a sentence', async (t) => {
  const raw = {
    ...light,
    when: { flag: 'go' },
    do: [{ command: 'set', args: { command: 'POWER', payload: 'ON' }, to: { device: lampId } }],
  };
  const dataDir = mkdtempSync(join(tmpdir(), 'portcullis-rules-'));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  mkdirSync(join(dataDir, 'rules'));
  writeFileSync(join(dataDir, `rules/${light.id}.yaml`), stringify(raw));
  const daemon = await startDaemon(t, { ...quick, dataDir });
  await using lamp = await plugIn(daemon);
  const flip = (id: string, is: boolean) => ({
    id,
    name: id,
    when: { metric: 'switch.state', is, where: { device: lampId } },
    do: [{ command: 'switch', args: { on: !is }, to: { device: lampId } }],
  });
  assert.equal((await send(daemon, 'POST', '', { rule: flip('on-off', true) })).status, 200);
  const second = await ask<{ detail: string }>(daemon, 'POST', '', { rule: flip('off-on', false) });
  assert.equal(second.status, 422);
  assert.match(second.said.detail, /off-on → on-off → off-on/);
  const wrong = await ask<{ detail: string }>(daemon, 'POST', '', {
    rule: { ...light, when: { metric: 'x', abov: 3 } },
  });
  assert.match(wrong.said.detail, /when\.abov/);

  assert.equal((await send(daemon, 'POST', '', { rule: { ...flip('off-on', false), mayLoop: true } })).status, 200);
  await waitUntil('one of them to be suspended', async () => {
    const { said } = await ask<{ rules: ShownRule[] }>(daemon, 'GET', '');
    return said.rules.some(({ state }) => state === 'suspended');
  });
  const told = lamp.told.length;
  assert.ok(told <= 20, `${told} commands before the circle was broken`);
  const refused = await ask<{ detail: string }>(daemon, 'POST', '', { rule: raw });
  assert.match(refused.said.detail, /do\.0\.command: rules may not use the command "set"/);
  await send(daemon, 'PATCH', '/flags', { name: 'go', on: true });
  await waitUntil('the firing', async () => (await firingsOf(daemon, light.id))[0]?.did[0]?.outcome === 'refused');
  assert.match((await firingsOf(daemon, light.id))[0]?.did[0]?.detail ?? '', /^LIMIT_EXCEEDED/);
});
