import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { SerialPoll } from '../../contracts/plugin.ts';
import { listen } from '../../gateway/observability/channels.ts';
import { openDevice } from '../../gateway/transports/serial/device.ts';
import { openSerial } from '../../gateway/transports/serial/open-serial.ts';
import modbusRtu from '../../plugins/modbus-rtu/index.ts';
import { startDaemon } from '../harness/daemon.ts';
import { command, ended } from '../harness/lamp.ts';
import { modbusSlave, type ModbusSlave } from '../harness/modbus-slave.ts';
import { ptyPair, type PtyPair } from '../harness/pty-pair.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { deps, memoryIngest, portAt } from '../unit/transports/serial/serial-rig.ts';

const station = (map: string, unit: number, timeoutMs = 1_000) => ({
  port: 'line',
  unit,
  map,
  everySeconds: 0.2,
  timeoutMs,
});

function fill(table: Map<number, number>, from: number, to: number): void {
  for (let at = from; at < to; at++) table.set(at, 0);
}
function float(slave: ModbusSlave, at: number, value: number): void {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  slave.input.set(at, view.getUint16(0));
  slave.input.set(at + 1, view.getUint16(2));
}

/** The gateway's side of a line: what the stations said, as the plugin reads it. */
function gateway(t: TestContext, path: string, devices: Record<string, object>) {
  const config = modbusRtu.config.parse({ devices });
  const memory = memoryIngest();
  const polls: readonly SerialPoll[] = modbusRtu.polls?.(config) ?? [];
  const serial = openSerial([portAt(path, { as: 'modbus-rtu' })], polls, { ...deps, ingest: memory.ingest });
  t.after(() => serial[Symbol.asyncDispose]());
  const context = { config, knowledge: new Map() };
  const values = (device: string): Map<string, unknown> => {
    const readings = memory.taken.flatMap((envelope) => modbusRtu.decode(envelope, context));
    const metrics = readings.filter((reading) => reading.device === device).flatMap(({ metrics }) => metrics);
    return new Map(
      metrics.map(({ n, ep, value, unit }) => [
        ep === undefined ? n : `${n}[${ep}]`,
        unit ? `${value} ${unit}` : value,
      ]),
    );
  };
  const send = (name: string, device: string, args: object) => {
    const codec = modbusRtu.commands?.[name];
    assert.ok(codec);
    const [message] = codec.encode({ device, args: args as never }, context);
    assert.ok(message);
    return serial.send(message);
  };
  return { serial, memory, values, send };
}

/** A cable with somebody on it who may change what the station says. */
async function meddledCable(
  t: TestContext,
  meddle: (answer: Uint8Array) => readonly Uint8Array[],
): Promise<readonly [string, string]> {
  const [near, far]: [PtyPair, PtyPair] = [await ptyPair(t), await ptyPair(t)];
  const ignore = { onClosed: () => undefined };
  const toGateway = await openDevice(
    near.ends[1],
    { baudRate: 9600 },
    { ...ignore, onData: (bytes) => void toSlave.write(bytes) },
  );
  const toSlave = await openDevice(
    far.ends[0],
    { baudRate: 9600 },
    {
      ...ignore,
      onData: (bytes) => void pass(meddle(bytes)),
    },
  );
  const pass = async (parts: readonly Uint8Array[]): Promise<void> => {
    for (const part of parts) {
      await toGateway.write(part);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  t.after(() => Promise.all([toGateway[Symbol.asyncDispose](), toSlave[Symbol.asyncDispose]()]));
  return [near.ends[0], far.ends[1]];
}

function pzemAt230V(slave: ModbusSlave): void {
  for (const [at, value] of [2305, 1234, 0, 2840, 0, 0x1170, 1, 500, 98, 0].entries()) slave.input.set(at, value);
  slave.holding.set(1, 3000);
}

test('an SDM630 is read as its maker prints it, phases as endpoints', async (t) => {
  const cable = await ptyPair(t);
  const meter = await modbusSlave(t, cable.ends[1], 1);
  fill(meter.input, 0, 0x4c);
  float(meter, 0x0000, 230.1);
  float(meter, 0x000e, -12.5);
  float(meter, 0x0034, 1500.25);
  float(meter, 0x0048, 12345.678);
  const { values } = gateway(t, cable.ends[0], { house: station('sdm630', 1) });
  await waitUntil('the energy', () => values('modbus:house').has('energy.import'));
  const house = values('modbus:house');
  assert.equal(house.get('voltage[l1]'), '230.1 V');
  assert.equal(house.get('power.active[l2]'), '-12.5 W');
  assert.equal(house.get('power.active'), '1500.25 W');
  assert.equal(house.get('energy.import'), '12345.68 kWh');
  assert.equal(house.get('availability'), true);
});

test('a PZEM is read, low register first, and its threshold is written', async (t) => {
  const cable = await ptyPair(t);
  const slave = await modbusSlave(t, cable.ends[1], 2);
  pzemAt230V(slave);
  const { values, send } = gateway(t, cable.ends[0], { boiler: station('pzem-016', 2) });
  await waitUntil(
    'both tables',
    () => values('modbus:boiler').has('x.modbus.alarm_threshold') && values('modbus:boiler').has('voltage'),
  );
  const boiler = values('modbus:boiler');
  assert.deepEqual(
    ['voltage', 'current', 'power.active', 'energy.import', 'frequency', 'power_factor', 'overload'].map((word) =>
      boiler.get(word),
    ),
    ['230.5 V', '1.234 A', '284 W', '70000 Wh', '50 Hz', '0.98 /', false],
  );
  await send('set', 'modbus:boiler', { point: 'alarm_threshold', value: 1234 });
  assert.equal(slave.holding.get(1), 1234);
  await waitUntil('the new threshold', () => values('modbus:boiler').get('x.modbus.alarm_threshold') === '1234 W');
});

test('a relay is switched, and what it says afterwards is its state', async (t) => {
  const cable = await ptyPair(t);
  const slave = await modbusSlave(t, cable.ends[1], 3);
  for (let at = 0; at < 8; at++) slave.coils.set(at, false);
  const { values, send } = gateway(t, cable.ends[0], { relays: station('relays-8', 3) });
  await waitUntil('the state', () => values('modbus:relays').get('switch.state[3]') === false);
  await send('switch', 'modbus:relays', { on: true, ep: '3' });
  assert.equal(slave.coils.get(2), true);
  await waitUntil('the new state', () => values('modbus:relays').get('switch.state[3]') === true);
  assert.equal(values('modbus:relays').get('switch.state[2]'), false);
});

test('an exception is told and makes nobody offline; a command that is refused says why', async (t) => {
  const cable = await ptyPair(t);
  const slave = await modbusSlave(t, cable.ends[1], 2);
  fill(slave.holding, 1, 2);
  const told: string[] = [];
  using _listening = listen('rejected', ({ reason }) => told.push(reason));
  const { serial, values } = gateway(t, cable.ends[0], { boiler: station('pzem-016', 2) });
  await waitUntil('the exception', () => told.includes('modbus-exception-2'));
  await waitUntil('the answer of the other table', () => values('modbus:boiler').has('x.modbus.alarm_threshold'));
  assert.equal(serial.status()[0]?.stations[0]?.isOnline, true);
  assert.equal(values('modbus:boiler').has('voltage'), false);
  await assert.rejects(serial.send({ topic: 'serial/line/2/7/0/1', payload: 'beef', qos: 1 }), {
    code: 'COMMAND_INVALID',
  });
});

test('split frames and noise around them are read; a wrong CRC never is', async (t) => {
  let garble = false;
  const ends = await meddledCable(t, (answer) => {
    if (!garble) return [Buffer.from([0xff, 0x02]), answer.subarray(0, 3), answer.subarray(3)];
    const wrong = Uint8Array.from(answer);
    wrong[3] = (wrong[3] ?? 0) ^ 1;
    return [wrong];
  });
  const slave = await modbusSlave(t, ends[1], 2);
  pzemAt230V(slave);
  const { serial, memory, values } = gateway(t, ends[0], { boiler: station('pzem-016', 2, 300) });
  await waitUntil('the voltage', () => values('modbus:boiler').get('voltage') === '230.5 V');
  const retried: string[] = [];
  using _listening = listen('retried', ({ reason }) => retried.push(reason));
  garble = true;
  await waitUntil('the station to be offline', () => values('modbus:boiler').get('availability') === false);
  assert.ok(retried.includes('garbled'));
  const before = memory.taken.length;
  await assert.rejects(serial.send({ topic: 'serial/line/2/6/1/1', payload: '02060001000119f9', qos: 1 }), {
    code: 'DEVICE_UNREACHABLE',
  });
  assert.equal(memory.taken.length, before);
  garble = false;
});

test('a station that is not there is offline, its neighbours are read on', async (t) => {
  const cable = await ptyPair(t);
  pzemAt230V(await modbusSlave(t, cable.ends[1], 2));
  const { values } = gateway(t, cable.ends[0], { boiler: station('pzem-016', 2), gone: station('sdm120', 9, 50) });
  await waitUntil('the missing one', () => values('modbus:gone').get('availability') === false);
  assert.equal(values('modbus:boiler').get('voltage'), '230.5 V');
});

test('the daemon stores what a meter says, and a command writes to it: proved by what is read again, or refused', async (t) => {
  const cable = await ptyPair(t);
  const slave = await modbusSlave(t, cable.ends[1], 2);
  pzemAt230V(slave);
  const daemon = await startDaemon(t, {
    config: {
      commands: { quietSeconds: 0 },
      serial: { ports: { line: { adapter: { path: cable.ends[0] }, protocol: { as: 'modbus-rtu' } } } },
      plugins: { config: { 'modbus-rtu': { devices: { boiler: station('pzem-004t', 2) } } } },
    },
  });
  const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${daemon.httpPort}/metrics`)).text();
  await waitUntil('the station', async () =>
    /serial_station_online\{station="serial\/line\/2"\} 1/.test(await metrics()),
  );
  await waitUntil('its records', async () => /ingested_records_total\{outcome="stored"\} [1-9]/.test(await metrics()));
  assert.match(await metrics(), /ingested_records_total\{outcome="dead_lettered"\} 0/);
  const write = (id: string, value: number) =>
    command(daemon, { id, device: 'modbus:boiler', name: 'set', args: { point: 'alarm_threshold', value } });
  await write('written', 1234);
  assert.equal((await ended(daemon, 'written')).state, 'acked');
  assert.equal(slave.holding.get(1), 1234);
  slave.holding.delete(1);
  await write('refused', 55);
  const { state, code, detail } = await ended(daemon, 'refused');
  assert.deepEqual([state, code], ['failed', 'COMMAND_INVALID']);
  assert.match(detail ?? '', /exception 2/);
  assert.equal(await daemon.stop(), 0);
});
