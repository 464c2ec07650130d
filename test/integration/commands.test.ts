import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectAsync } from 'mqtt';
import type { CommandStatus } from '../../contracts/command.ts';
import { commandCommand } from '../../gateway/cli/command.ts';
import { openHouse } from '../../simulator/house/house.ts';
import { commandLine } from '../harness/command-line.ts';
import { startDaemon } from '../harness/daemon.ts';
import { command, ended, lampId, plainDevice, plugIn, resultsIn } from '../harness/lamp.ts';
import { waitUntil } from '../harness/wait-until.ts';

const quick = { config: { commands: { quietSeconds: 0 } } };
const light = (id: string, on: boolean, more: object = {}) => ({
  id,
  device: lampId,
  name: 'switch',
  args: { on },
  ...more,
});

test('a lamp is switched once, and the same id again does nothing, also after a restart', async (t) => {
  const daemon = await startDaemon(t, quick);
  await using lamp = await plugIn(daemon);
  const taken = await command(daemon, light('a', true));
  assert.equal(taken.status, 202);
  assert.equal((await ended(daemon, 'a')).state, 'acked');
  assert.equal((await command(daemon, light('a', false))).said.state, 'acked');
  const keyed = await command(daemon, { ...light('', false), id: undefined }, { 'idempotency-key': 'a' });
  assert.equal(keyed.said.id, 'a');
  await daemon.stop();
  await daemon.start();
  assert.equal((await command(daemon, light('a', false))).said.state, 'acked');
  assert.deepEqual(lamp.told, ['ON']);
  await daemon.stop();
  assert.deepEqual(resultsIn(daemon.dataDir), ['a acked']);
});

test('commands for a lamp that is away wait, the most urgent first, or expire', async (t) => {
  const daemon = await startDaemon(t, quick);
  await (await plugIn(daemon))[Symbol.asyncDispose]();
  await command(daemon, light('late', true, { ttlMs: 300 }));
  await command(daemon, light('low', false, { priority: 1, ttlMs: 60_000 }));
  await command(daemon, light('high', true, { priority: 9, ttlMs: 60_000 }));
  const late = await ended(daemon, 'late');
  assert.deepEqual([late.state, late.code], ['expired', 'COMMAND_EXPIRED']);
  const { commands } = await daemon.api<{ commands: CommandStatus[] }>('/api/v1/commands?limit=2');
  assert.deepEqual(
    commands.map(({ id }) => id),
    ['high', 'low'],
  );
  await using lamp = await plugIn(daemon);
  for (const id of ['high', 'low']) assert.equal((await ended(daemon, id)).state, 'acked');
  assert.deepEqual(lamp.told, ['ON', 'OFF']);
});

test('the command line sends, waits, shows and lists', async (t) => {
  const daemon = await startDaemon(t, quick);
  const run = commandLine(t, daemon);
  const say = (...args: string[]): Promise<string> => run(commandCommand(), ...args);
  const send = (args: object, ...more: string[]) => say('send', lampId, 'switch', JSON.stringify(args), ...more);
  const lamp = await plugIn(daemon);
  assert.equal(await send({ on: true }, '--id', 'a', '--wait'), `a: switch for ${lampId} is acked.`);
  assert.equal(process.exitCode, undefined);
  await lamp[Symbol.asyncDispose]();
  assert.match(
    await send({ on: false }, '--id', 'b', '--ttl', '100', '--priority', '9', '--wait'),
    /^b: .* is expired\. /,
  );
  assert.equal(process.exitCode, 1);
  process.exitCode = undefined;
  assert.match(await say('status', 'b'), /is expired/);
  assert.equal(await say('list', '--state', 'acked', '--device', lampId), `a\t${lampId}\tswitch\tacked\t-`);
  assert.equal(await say('list', '--state', 'failed'), 'There is none.');
  await assert.rejects(say('send', lampId, 'switch', '{on'), { code: 'USAGE' });
  await assert.rejects(say('status', 'nobody'), { code: 'NOT_FOUND' });
  await assert.rejects(send({ on: 'yes' }), /COMMAND_INVALID|on/);
  const alarms = await daemon.api<{ alarms: { code: string; subject: string }[] }>('/api/v1/alarms');
  assert.ok(alarms.alarms.some(({ code, subject }) => code === 'COMMAND_NOT_DONE' && subject === lampId));
  const metrics = await (await fetch(`http://127.0.0.1:${daemon.httpPort}/metrics`)).text();
  assert.match(metrics, /portcullis_commands_total\{source="api",state="expired",code="COMMAND_EXPIRED"\} 1/);
});

test('what cannot be done is refused and not kept; a retained command reaches nobody who comes later', async (t) => {
  const daemon = await startDaemon(t, quick);
  await (await plugIn(daemon))[Symbol.asyncDispose]();
  for (const wrong of [
    { ...light('w', true), args: { on: 'yes' } },
    { ...light('w', true), name: 'fly' },
    { ...light('w', true), device: 'tasmota:nobody' },
  ]) {
    assert.equal((await command(daemon, wrong)).status, 422);
  }
  assert.equal((await fetch(`http://127.0.0.1:${daemon.httpPort}/api/v1/commands/w`)).status, 404);
  const other = await connectAsync({ host: '127.0.0.1', port: daemon.mqttPort, clientId: 'other', reconnectPeriod: 0 });
  await other.publishAsync('cmnd/lamp/POWER', 'OFF', { qos: 1, retain: true });
  await other.endAsync();
  await using lamp = await plugIn(daemon);
  // What was retained would come with the subscription, before this.
  await command(daemon, light('after', true));
  await ended(daemon, 'after');
  assert.deepEqual(lamp.told, ['ON']);
});

/** What devices of the simulated house are told, and in the end a lamp of plain JSON that stands beside it. */
const told: Record<string, { device: string; name?: string; args?: object }> = {
  zigbee: { device: 'z2m:0xa4c138f1d2e30415' },
  'zigbee, one of two': { device: 'z2m:0xa4c1380a0b0c0d0e', args: { on: true, ep: 'left' } },
  'zigbee, toggled': { device: 'z2m:0xa4c138f1d2e30416', name: 'set', args: { state: 'TOGGLE' } },
  tasmota: { device: 'tasmota:0A1B2C3D4E5F' },
  'tasmota, toggled': { device: 'tasmota:0A1B2C3D4E65', name: 'set', args: { command: 'POWER', payload: 'TOGGLE' } },
  'shelly, first generation': { device: 'shelly:shellyplug-s-7A11F0' },
  // Off already: only the answer to the call shows that this was done.
  'shelly, second generation': { device: 'shelly:shellyplus1pm-a8032ab71c44' },
  'shelly, again': { device: 'shelly:shellyplus1pm-a8032ab71c44' },
  esphome: { device: 'ha:b4e62d90c1f8' },
  json: { device: 'json:devices/shed/state', name: 'set', args: { pump: true, speed: 3 } },
};

test('devices of every make obey, and the state or the answer of each proves it', async (t) => {
  const daemon = await startDaemon(t, quick);
  await using house = await openHouse({ host: '127.0.0.1', port: daemon.mqttPort });
  await using shed = await plainDevice(daemon, 'shed');
  await waitUntil('all to be known', async () => {
    const { devices } = await daemon.api<{ devices: { id: string }[] }>('/api/v1/devices?limit=1000');
    const known = new Set(devices.map(({ id }) => id));
    return Object.values(told).every(({ device }) => known.has(device));
  });
  for (const [id, wish] of Object.entries(told)) {
    const { status } = await command(daemon, { id, name: 'switch', args: { on: false }, ...wish });
    assert.equal(status, 202, id);
  }
  for (const id of Object.keys(told)) assert.equal((await ended(daemon, id)).state, 'acked', id);
  assert.equal(house.counts().obeyed, Object.keys(told).length - 1);
  assert.deepEqual(shed.told, ['{"pump":true,"speed":3}']);
  const refused = { id: 'refused', device: 'tasmota:0A1B2C3D4E5F', name: 'set', args: { command: 'Fly', payload: '' } };
  await command(daemon, refused);
  assert.equal((await ended(daemon, 'refused')).code, 'COMMAND_INVALID');
});
