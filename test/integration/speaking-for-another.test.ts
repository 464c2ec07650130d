import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { connectAsync } from 'mqtt';
import { adminTokenFile } from '../../gateway/config/identity.ts';
import { inspectBuffer } from '../../gateway/buffer/inspect.ts';
import type { Measurement } from '../../contracts/message.ts';
import { startDaemon, type Daemon } from '../harness/daemon.ts';
import { command } from '../harness/lamp.ts';
import { post } from '../harness/post.ts';
import { waitUntil } from '../harness/wait-until.ts';

const closed = { config: { commands: { quietSeconds: 0 }, mqtt: { anonymous: false } } };

/** A device with a login of its own. `told`: what came on the topics that it listens to. */
async function enter(t: TestContext, daemon: Daemon, user: string, profile: string, ear: string) {
  const { password } = await post<{ password: string }>(daemon, '/api/v1/credentials', { user, profile });
  const device = await connect(t, daemon, user, password);
  await device.client.subscribeAsync(ear, { qos: 1 });
  return device;
}

async function connect(t: TestContext, daemon: Daemon, user: string, password: string) {
  const told: string[] = [];
  const at = { host: '127.0.0.1', port: daemon.mqttPort, clientId: user, username: user, reconnectPeriod: 0 };
  const client = await connectAsync({ ...at, password });
  t.after(() => client.end(true));
  client.on('error', () => undefined);
  client.on('message', (topic, payload) => told.push(`${topic} ${payload.toString()}`));
  const say = (topic: string, body: unknown) =>
    client.publishAsync(topic, typeof body === 'string' ? body : JSON.stringify(body), { qos: 1 });
  return { client, told, say };
}

/** The same device with another password. */
async function comeBack(t: TestContext, daemon: Daemon, user: string) {
  const { password } = await post<{ password: string }>(daemon, `/api/v1/credentials/${user}/rotate`, {});
  return connect(t, daemon, user, password);
}

async function end({ httpPort, dataDir }: Daemon, user: string): Promise<void> {
  const token = readFileSync(join(dataDir, adminTokenFile), 'utf8').trim();
  const headers = { authorization: `Bearer ${token}` };
  const at = `http://127.0.0.1:${httpPort}/api/v1/credentials/${user}`;
  assert.ok((await fetch(at, { method: 'DELETE', headers })).ok);
}

async function refusals(daemon: Daemon): Promise<number> {
  const { deadLetters } = await daemon.api<{ deadLetters: { detail: string }[] }>('/api/v1/dead-letters');
  return deadLetters.filter(({ detail }) => /belongs to the login|may not publish/.test(detail)).length;
}

const entity = (node: string, id: string, more: object = {}) => ({
  name: 'relay',
  unique_id: `${node}relay`,
  state_topic: `${node}/switch/relay/state`,
  command_topic: `${node}/switch/relay/command`,
  device: { identifiers: [id] },
  ...more,
});

const tasmota = (topic: string, more: object = {}) => ({
  ft: '%prefix%/%topic%/',
  tp: ['cmnd', 'stat', 'tele'],
  t: topic,
  state: ['OFF', 'ON'],
  ...more,
});

const on = (id: string, device: string) => ({ id, device, name: 'switch', args: { on: true } });

/** The values of a metric, as `<device> <value>`. */
function recorded(dataDir: string, metric: string): string[] {
  using buffer = inspectBuffer(dataDir);
  return [...buffer.records()].flatMap(({ record }) => {
    const { dev, m } = record as Measurement;
    return m.filter(({ n }) => n === metric).map(({ v, vb }) => `${dev.id} ${v ?? vb}`);
  });
}

const lock = 'zigbee2mqtt/frontdoor/set';
const mac = 'AABBCCDDEE01';
const valve = `tasmota:${mac}`;

test('a device has nothing published where it may not hear, whatever its discovery says', async (t) => {
  const daemon = await startDaemon(t, closed);
  const bridge = await enter(t, daemon, 'bridge', 'zigbee2mqtt', 'zigbee2mqtt/#');
  const bulb = await enter(t, daemon, 'bulb', 'esphome', 'bulb/#');
  const toy = await enter(t, daemon, 'toy', 'tasmota', 'cmnd/toy/#');
  await bulb.say(
    'homeassistant/switch/bulb/relay/config',
    entity('bulb', 'b1', { command_topic: lock, payload_on: '{"state":"UNLOCK"}' }),
  );
  await bulb.say('bulb/switch/relay/state', 'OFF');
  await toy.say(`tasmota/discovery/${mac}/config`, tasmota('toy', { tp: [lock, 'stat', 'tele'] }));
  for (const [id, device] of [
    ['unlock', 'ha:b1'],
    ['unlock, too', valve],
  ] as const) {
    const { status, said } = await command(daemon, on(id, device));
    assert.equal(status, 422);
    assert.match(JSON.stringify(said), /which it may not hear itself/);
  }
  const metrics = await (await fetch(`http://127.0.0.1:${daemon.httpPort}/metrics`)).text();
  assert.match(metrics, /portcullis_rejected_total\{stage="commands",reason="topic-of-another"\} 2/);
  // What it may hear goes out as ever.
  await bulb.say('homeassistant/switch/bulb/relay/config', entity('bulb', 'b1'));
  assert.equal((await command(daemon, on('light', 'ha:b1'))).status, 202);
  await waitUntil('the bulb to be told', () => bulb.told.includes('bulb/switch/relay/command ON'));
  assert.deepEqual(bridge.told, []);
});

test('what a device said about itself no other device changes or speaks for, until its login ends', async (t) => {
  const daemon = await startDaemon(t, closed);
  const real = await enter(t, daemon, 'valve', 'tasmota', 'cmnd/valve/#');
  const porch = await enter(t, daemon, 'porch', 'esphome', 'porch/switch/relay/command');
  const heater = await enter(t, daemon, 'heater', 'shelly', 'heater/rpc');
  await real.say(`tasmota/discovery/${mac}/config`, tasmota('valve'));
  await real.say('tele/valve/SENSOR', { DS18B20: { Temperature: 20.5 }, TempUnit: 'C' });
  await porch.say('homeassistant/switch/porch/relay/config', entity('porch', 'p1'));
  await heater.say('heater/events/rpc', { src: 'heater', params: { 'temperature:0': { id: 0, tC: 20.1 } } });

  const toy = await enter(t, daemon, 'toy', 'tasmota', 'cmnd/toy/#');
  const bulb = await enter(t, daemon, 'bulb', 'esphome', 'bulb/#');
  const plug = await enter(t, daemon, 'plug', 'shelly', 'plug/rpc');
  await toy.say(`tasmota/discovery/${mac}/config`, tasmota('toy'));
  await toy.say(`tasmota/discovery/${mac}/sensors`, { sn: { DS18B20: { Temperature: 99.9 } } });
  await toy.say('tele/toy/SENSOR', { DS18B20: { Temperature: 99.9 }, TempUnit: 'C' });
  await bulb.say('homeassistant/switch/bulb/relay/config', entity('bulb', 'p1'));
  await bulb.say('homeassistant/sensor/bulb/hot/config', { state_topic: 'bulb/hot', device: { identifiers: ['p1'] } });
  await plug.say('plug/events/rpc', { src: 'heater', params: { 'temperature:0': { id: 0, tC: 99.9 } } });
  await plug.say('plug/rpc', { src: 'heater', id: 1, result: {} });

  assert.equal((await command(daemon, on('valve', valve))).status, 202);
  assert.equal((await command(daemon, on('porch', 'ha:p1'))).status, 202);
  await waitUntil('the valve to be told', () => real.told.includes('cmnd/valve/POWER ON'));
  await waitUntil('the porch to be told', () => porch.told.includes('porch/switch/relay/command ON'));
  assert.deepEqual([toy.told, bulb.told.filter((line) => line.includes('command'))], [[], []]);
  assert.equal(await refusals(daemon), 6);

  await daemon.stop();
  await daemon.start();
  const again = await comeBack(t, daemon, 'valve');
  await again.say(`tasmota/discovery/${mac}/config`, tasmota('valve', { hn: 'cellar' }));
  await end(daemon, 'valve');
  const successor = await enter(t, daemon, 'valve-2', 'tasmota', 'cmnd/valve-2/#');
  await successor.say(`tasmota/discovery/${mac}/config`, tasmota('valve-2'));
  assert.equal(await refusals(daemon), 6);
  assert.equal((await command(daemon, on('valve-2', valve))).status, 202);
  await waitUntil('the successor to be told', () => successor.told.includes('cmnd/valve-2/POWER ON'));

  await daemon.stop();
  const temperatures = recorded(daemon.dataDir, 'temperature');
  assert.ok(temperatures.includes(`${valve} 20.5`) && temperatures.includes('tasmota:toy 99.9'));
  assert.deepEqual(
    temperatures.filter((line) => line.endsWith('99.9')),
    ['tasmota:toy 99.9'],
  );
});

test('a device claims no topic where it may not publish, also before the device that does has come', async (t) => {
  const daemon = await startDaemon(t, closed);
  const bulb = await enter(t, daemon, 'bulb', 'esphome', 'bulb/#');
  const toy = await enter(t, daemon, 'toy', 'tasmota', 'cmnd/toy/#');
  const claimed = ['porch/switch/relay/state', 'devices/meter/telemetry'];
  for (const [at, state_topic] of claimed.entries())
    await bulb.say(`homeassistant/sensor/bulb/spy${at}/config`, entity('bulb', 'b1', { state_topic }));
  await toy.say('tasmota/discovery/AABBCCDDEE02/config', tasmota('valve'));
  assert.equal(await refusals(daemon), 3);

  const porch = await enter(t, daemon, 'porch', 'esphome', 'porch/#');
  const meter = await enter(t, daemon, 'meter', 'generic', 'devices/meter/#');
  const real = await enter(t, daemon, 'valve', 'tasmota', 'cmnd/valve/#');
  await porch.say('homeassistant/switch/porch/relay/config', entity('porch', 'p1'));
  await porch.say('porch/switch/relay/state', 'ON');
  await meter.say('devices/meter/telemetry', { temperature_C: 20.5 });
  await real.say(`tasmota/discovery/${mac}/config`, tasmota('valve'));
  await real.say('tele/valve/SENSOR', { DS18B20: { Temperature: 21.5 }, TempUnit: 'C' });
  assert.equal(await refusals(daemon), 3);

  // What was refused may be taken again; then the rights of today count.
  await bulb.say('homeassistant/switch/bulb/relay/config', entity('bulb', 'p2'));
  const second = entity('porch', 'p2', { state_topic: 'porch/switch/second/state' });
  await porch.say('homeassistant/switch/porch/second/config', second);
  assert.equal(await refusals(daemon), 4);
  await end(daemon, 'bulb');
  const { taken, refusedAgain } = await post<Record<string, number>>(daemon, '/api/v1/dead-letters/replay', {});
  assert.deepEqual([taken, refusedAgain], [4, 3]);
  await porch.say('porch/switch/second/state', 'OFF');
  await daemon.stop();
  assert.deepEqual(recorded(daemon.dataDir, 'switch.state'), ['ha:p1 true', 'ha:p2 false']);
  assert.deepEqual(recorded(daemon.dataDir, 'temperature').toSorted(), ['json:meter 20.5', `${valve} 21.5`]);
});
