import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectRaw, connectClient, startBroker, toldReasons, until } from './broker.ts';
import { connectPacket } from './packets.ts';
import { defaultLimits } from '../../../../gateway/transports/mqtt/options.ts';
import type { MqttClient } from 'mqtt';

const persistent = { clientId: 'reader', clean: false } as const;

function collect(client: MqttClient): string[] {
  const got: string[] = [];
  client.on('message', (topic, payload, { retain }) =>
    got.push(`${topic}=${payload.toString()}${retain ? ' (retained)' : ''}`),
  );
  return got;
}

test('a persistent session and its queue survive a restart', async (t) => {
  const first = await startBroker(t);
  const reader = await connectClient(t, first.port, persistent);
  await reader.subscribeAsync('home/#', { qos: 1 });
  await reader.endAsync();
  const publisher = await connectClient(t, first.port);
  await publisher.publishAsync('home/a', '1', { qos: 1 });
  await publisher.publishAsync('home/b', '2', { qos: 2 });
  await publisher.publishAsync('home/c', 'lost by QoS 0', { qos: 0 });
  await publisher.publishAsync('other', '3', { qos: 1 });
  await first.transport[Symbol.asyncDispose]();
  assert.equal(first.store.count('mqtt_queue'), 2);

  const second = await startBroker(t, {}, first.file);
  assert.equal(second.transport.stats().queued, 2);
  const got = await reconnectedReader(t, second.port);
  await until(() => got.length === 2);
  assert.deepEqual(got, ['home/a=1', 'home/b=2']);
  await until(() => second.store.count('mqtt_queue') === 0);
});

async function reconnectedReader(t: Parameters<typeof connectClient>[0], port: number): Promise<string[]> {
  const { connect } = await import('mqtt');
  const client = connect(`mqtt://127.0.0.1:${port}`, { ...persistent, reconnectPeriod: 0 });
  t.after(() => client.end(true));
  return collect(client);
}

test('an unacknowledged message comes again with DUP on the next connection', async (t) => {
  const { port } = await startBroker(t);
  const reader = await connectClient(t, port, persistent);
  await reader.subscribeAsync('a', { qos: 1 });
  await reader.endAsync();
  const silent = await connectRaw(t, port);
  silent.send(connectPacket(persistent));
  await silent.receive(4);
  const publisher = await connectClient(t, port);
  await publisher.publishAsync('a', 'x', { qos: 1 });
  const live = await silent.receive(8);
  assert.equal(live[0], 0x32);
  silent.socket.destroy();
  const again = await connectRaw(t, port);
  again.send(connectPacket(persistent));
  await again.receive(4);
  const repeated = await again.receive(8);
  assert.equal(repeated[0], 0x3a);
  assert.deepEqual(repeated.subarray(1), live.subarray(1), 'the same packet id');
});

test('a full session queue drops its oldest message and says so', async (t) => {
  const queue = { ...defaultLimits.queue, maxMessages: 2 };
  const { port, store, transport } = await startBroker(t, { limits: { queue } });
  const reasons = toldReasons(t);
  const reader = await connectClient(t, port, persistent);
  await reader.subscribeAsync('a', { qos: 1 });
  await reader.endAsync();
  const publisher = await connectClient(t, port);
  for (const text of ['1', '2', '3']) await publisher.publishAsync('a', text, { qos: 1 });
  assert.equal(reasons.get('session-queue-full'), 1);
  assert.equal(transport.stats().queued, 2);
  await until(() => store.count('mqtt_queue') === 2);
  const got = await reconnectedReader(t, port);
  await until(() => got.length === 2);
  assert.deepEqual(got, ['a=2', 'a=3']);
});

test('a clean connection ends the stored session', async (t) => {
  const { port, store } = await startBroker(t);
  const reader = await connectClient(t, port, persistent);
  await reader.subscribeAsync('a', { qos: 1 });
  assert.equal(store.count('mqtt_subscriptions'), 1);
  await reader.endAsync();
  await connectClient(t, port, { clientId: persistent.clientId, clean: true });
  assert.equal(store.count('mqtt_subscriptions') + store.count('mqtt_sessions'), 0);
});

test('a retained message is committed with its message, survives a restart, and an empty one deletes it', async (t) => {
  const first = await startBroker(t);
  const publisher = await connectClient(t, first.port);
  await publisher.publishAsync('lamp/state', 'on', { qos: 1, retain: true });
  await publisher.publishAsync('lamp/old', 'x', { qos: 1, retain: true });
  await publisher.publishAsync('lamp/old', '', { qos: 1, retain: true });
  assert.equal(first.store.count('mqtt_retained'), 1);
  await first.transport[Symbol.asyncDispose]();

  const second = await startBroker(t, {}, first.file);
  assert.equal(second.transport.stats().retained, 1);
  const reader = await connectClient(t, second.port);
  const got = collect(reader);
  await reader.subscribeAsync('lamp/#');
  await until(() => got.length === 1);
  assert.deepEqual(got, ['lamp/state=on (retained)']);
});

test('who subscribes again while its retained messages are searched for gets those too, each once', async (t) => {
  const { port } = await startBroker(t);
  const publisher = await connectClient(t, port);
  const topics = Array.from({ length: 200 }, (_, at) => [`house/a${at}/state`, `house/b${at}/level`]).flat();
  await Promise.all(topics.map((topic) => publisher.publishAsync(topic, 'x', { qos: 1, retain: true })));
  const reader = await connectClient(t, port);
  const got = collect(reader);
  const asked = [['house/+/state', 'house/a7/#'], ['left/#'], ['house/+/level', 'house/b7/level'], ['later/#']];
  await Promise.all([
    ...asked.map((filters) => reader.subscribeAsync(filters, { qos: 1 })),
    reader.unsubscribeAsync('left/#'),
  ]);
  await until(() => got.length >= topics.length);
  await reader.subscribeAsync('house/b7/+');
  await until(() => got.length > topics.length);
  const expected = [...topics, 'house/b7/level'].map((topic) => `${topic}=x (retained)`);
  assert.deepEqual(got.toSorted(), expected.toSorted());
});

test('a retained quota keeps the message and drops its retained flag', async (t) => {
  const retained = { ...defaultLimits.retained, maxPerClient: 2 };
  const { port, store, transport } = await startBroker(t, { limits: { retained } });
  const reasons = toldReasons(t);
  const publisher = await connectClient(t, port);
  for (const topic of ['a', 'b', 'c']) await publisher.publishAsync(topic, 'x', { qos: 1, retain: true });
  await publisher.publishAsync('a', 'replaced', { qos: 1, retain: true });
  assert.equal(transport.stats().retained, 2);
  assert.equal(reasons.get('retained-quota'), 1);
  assert.deepEqual(
    store.ingested.map(({ retain }) => retain),
    [true, true, false, true],
  );
});

test('a message on a command topic is never retained', async (t) => {
  const { port, transport } = await startBroker(t, { actuationFilters: ['+/set'] });
  const reasons = toldReasons(t);
  const publisher = await connectClient(t, port);
  await publisher.publishAsync('garage/set', 'OPEN', { qos: 1, retain: true });
  assert.equal(transport.stats().retained, 0);
  assert.equal(reasons.get('retained-command'), 1);
});

test('a will is ingested, retained and delivered when its client vanishes, not when it leaves', async (t) => {
  const { port, store, transport } = await startBroker(t);
  const reader = await connectClient(t, port);
  const got = collect(reader);
  await reader.subscribeAsync('lwt');
  const will = { topic: 'lwt', payload: Buffer.from('gone'), qos: 1, retain: true } as const;
  const polite = await connectClient(t, port, { clientId: 'polite', will });
  await polite.endAsync();
  await until(() => store.count('mqtt_wills') === 0);
  const device = await connectRaw(t, port);
  device.send(connectPacket({ clientId: 'device', will }));
  await device.receive(4);
  assert.equal(store.count('mqtt_wills'), 1);
  device.socket.destroy();
  await until(() => got.length === 1);
  assert.deepEqual(got, ['lwt=gone']);
  assert.equal(store.count('mqtt_wills'), 0);
  assert.equal(transport.stats().retained, 1);
  assert.deepEqual(
    store.ingested.map(({ client, topic, text }) => [client, topic, text]),
    [['device', 'lwt', 'gone']],
  );
});

test('a stop of the gateway publishes no will and keeps it for the next run', async (t) => {
  const { port, store, transport } = await startBroker(t);
  const will = { topic: 'lwt', payload: Buffer.from('gone'), qos: 1, retain: true } as const;
  await connectClient(t, port, { clientId: 'device', will });
  await transport[Symbol.asyncDispose]();
  assert.equal(store.ingested.length, 0);
  assert.equal(store.count('mqtt_wills'), 1);
});

test('a command reaches connected subscribers only and is never kept', async (t) => {
  const { port, store, transport } = await startBroker(t);
  const away = await connectClient(t, port, persistent);
  await away.subscribeAsync('lamp/set', { qos: 1 });
  await away.endAsync();
  const lamp = await connectClient(t, port);
  const got = collect(lamp);
  await lamp.subscribeAsync('lamp/set', { qos: 1 });
  assert.equal(await transport.publish({ topic: 'lamp/set', payload: 'ON', qos: 1 }), 1);
  await until(() => got.length === 1);
  assert.equal(store.count('mqtt_queue'), 0);
  assert.equal(transport.stats().retained, 0);
});
