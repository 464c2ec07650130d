import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Aedes } from 'aedes';
import type { AedesPublishPacket } from 'aedes';
import { openHouse, stations } from '../../../../simulator/house/house.ts';
import type { House } from '../../../../simulator/house/house.ts';

interface Heard {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  readonly client: string;
}

interface Broker {
  readonly port: number;
  readonly aedes: Aedes;
  readonly heard: Heard[];
  /** Resolves with the first message, past or to come, that fits. */
  hears(fits: (heard: Heard) => boolean): Promise<Heard>;
}

async function startBroker(t: TestContext): Promise<Broker> {
  const aedes = await Aedes.createBroker();
  const server = createServer(aedes.handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const heard: Heard[] = [];
  const waiting = new Set<() => void>();
  aedes.on('publish', (packet: AedesPublishPacket, client) => {
    if (!client) return;
    const { topic, payload, retain } = packet;
    heard.push({ topic, payload: payload.toString(), retain, client: client.id });
    for (const check of waiting) check();
  });
  t.after(async () => {
    server.close();
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
  });
  const hears: Broker['hears'] = (fits) =>
    new Promise((resolve) => {
      const check = (): void => {
        const found = heard.find(fits);
        if (!found) return;
        waiting.delete(check);
        resolve(found);
      };
      waiting.add(check);
      check();
    });
  return { port: (server.address() as AddressInfo).port, aedes, heard, hears };
}

async function moveIn(t: TestContext, broker: Broker, rate: number): Promise<House> {
  const house = await openHouse({ host: '127.0.0.1', port: broker.port, rate });
  t.after(() => house[Symbol.asyncDispose]());
  return house;
}

const send = (broker: Broker, topic: string, payload: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const packet = { cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false } as const;
    broker.aedes.publish(packet, (error) => (error ? reject(error) : resolve()));
  });

test('every device connects, introduces itself and reports', async (t) => {
  const broker = await startBroker(t);
  const house = await moveIn(t, broker, 50);
  assert.equal(house.connections, stations.length);
  assert.ok(house.devices >= 30);
  for (const { clientId } of stations) await broker.hears((heard) => heard.client === clientId);
  const devices = await broker.hears(({ topic }) => topic === 'zigbee2mqtt/bridge/devices');
  assert.equal(devices.retain, true);
  const plug = (
    JSON.parse(devices.payload) as { friendly_name: string; definition: { exposes: { unit?: string }[] } }[]
  ).find(({ friendly_name: name }) => name === 'floor2/office/desk_plug');
  assert.ok(plug?.definition.exposes.some(({ unit }) => unit === 'kWh'));
  const topics = [
    'tasmota/discovery/0A1B2C3D4E5F/config',
    'tele/panel/SENSOR',
    'shellies/announce',
    'shellies/shellyem-B90C44/emeter/0/power',
    'shellyplus1pm-a8032ab71c44/events/rpc',
    'homeassistant/sensor/greenhouse/soil_temperature/config',
    'p1/meter/state',
  ];
  for (const topic of topics) await broker.hears((heard) => heard.topic === topic);
  assert.ok(house.counts().sent > 0);
});

test('commands over the broker change the device', async (t) => {
  const broker = await startBroker(t);
  const house = await moveIn(t, broker, 1);
  await broker.hears(({ client, topic }) => client === 'DVES_3D4E5F' && topic.endsWith('INFO3'));
  await send(broker, 'cmnd/laundry/POWER', 'OFF');
  await broker.hears(({ topic, payload }) => topic === 'stat/laundry/POWER' && payload === 'OFF');
  await broker.hears(({ topic }) => topic === 'zigbee2mqtt/bridge/state');
  await send(broker, 'zigbee2mqtt/Sofa lamp/set', '{"brightness":7}');
  await broker.hears(({ topic, payload }) => topic === 'zigbee2mqtt/Sofa lamp' && payload.includes('"brightness":7'));
  assert.equal(house.counts().obeyed, 2);
});

test('discovery is said again when Home Assistant comes back', async (t) => {
  const broker = await startBroker(t);
  await moveIn(t, broker, 1);
  const isConfig = ({ topic }: Heard): boolean => topic === 'homeassistant/binary_sensor/porch_door/config';
  await broker.hears(isConfig);
  broker.heard.length = 0;
  await send(broker, 'homeassistant/status', 'online');
  assert.equal((await broker.hears(isConfig)).retain, true);
});

test('closing says goodbye for every device and leaves no connection', async (t) => {
  const broker = await startBroker(t);
  const house = await moveIn(t, broker, 1);
  await house[Symbol.asyncDispose]();
  await house[Symbol.asyncDispose]();
  for (const { will } of stations) {
    await broker.hears(({ topic, payload }) => topic === will.topic && payload === will.payload);
  }
  assert.equal(broker.aedes.connectedClients, 0);
});

test('a broker that is not there is BROKER_UNREACHABLE', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  await assert.rejects(openHouse({ host: '127.0.0.1', port }), { code: 'BROKER_UNREACHABLE' });
});
