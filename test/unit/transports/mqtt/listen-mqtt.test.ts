import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PortcullisError } from '../../../../contracts/errors.ts';
import { connectClient, startBroker, until } from './broker.ts';

test('a message is ingested with its client, topic and payload', async (t) => {
  const { port, store } = await startBroker(t);
  const client = await connectClient(t, port, { clientId: 'lamp' });
  await client.publishAsync('home/lamp', '{"on":true}', { qos: 1 });
  assert.equal(store.ingested.length, 1);
  const [envelope] = store.ingested;
  assert.deepEqual(
    [envelope?.client, envelope?.topic, envelope?.text, envelope?.retain],
    ['lamp', 'home/lamp', '{"on":true}', false],
  );
});

test('PUBACK is withheld until ingest resolved', async (t) => {
  const { port, store } = await startBroker(t);
  const client = await connectClient(t, port);
  const commit = Promise.withResolvers<void>();
  store.gate = commit.promise;
  let isAcknowledged = false;
  const publishing = client.publishAsync('a/b', 'x', { qos: 1 }).then(() => (isAcknowledged = true));
  // A later exchange on the same connection is answered while the acknowledgement waits.
  await client.subscribeAsync('other');
  assert.equal(isAcknowledged, false);
  commit.resolve();
  await publishing;
  assert.equal(store.ingested.length, 1);
});

test('a live subscriber gets the message', async (t) => {
  const { port } = await startBroker(t);
  const subscriber = await connectClient(t, port);
  await subscriber.subscribeAsync('a/+', { qos: 1 });
  const got: string[] = [];
  subscriber.on('message', (topic, payload) => got.push(`${topic}=${payload.toString()}`));
  const publisher = await connectClient(t, port);
  await publisher.publishAsync('a/b', 'x', { qos: 1 });
  await publisher.publishAsync('a/c', 'y', { qos: 0 });
  await until(() => got.length === 2);
  assert.deepEqual(got, ['a/b=x', 'a/c=y']);
});

const ways = [
  { qos: 0, retain: false },
  { qos: 0, retain: true },
  { qos: 1, retain: false },
  { qos: 1, retain: true },
] as const;
for (const [first, second] of ways.flatMap((one) => ways.map((other) => [one, other] as const))) {
  test(`of two messages in one commit a subscriber gets both: ${nameOf(first)}, then ${nameOf(second)}`, async (t) => {
    const { port, store, transport } = await startBroker(t);
    const got: string[] = [];
    const subscriber = await connectClient(t, port);
    subscriber.on('message', (_topic, payload) => got.push(payload.toString()));
    await subscriber.subscribeAsync('#', { qos: 1 });
    const one = await connectClient(t, port);
    const other = await connectClient(t, port);
    const commit = Promise.withResolvers<void>();
    store.gate = commit.promise;
    const publishing = [one.publishAsync('a', 'first', first)];
    await until(() => transport.stats().pending === 1);
    publishing.push(other.publishAsync('a', 'second', second));
    await until(() => transport.stats().pending === 2);
    commit.resolve();
    await Promise.all([...publishing, subscriber.publishAsync('a', 'last', { qos: 1 })]);
    await until(() => got.includes('last'));
    assert.deepEqual(got, ['first', 'second', 'last']);
  });
}

function nameOf({ qos, retain }: (typeof ways)[number]): string {
  return `QoS ${qos}${retain ? ' retained' : ''}`;
}

for (const qos of [0, 1, 2] as const) {
  test(`who subscribes to a topic that nobody listened to gets its next message of QoS ${qos}`, async (t) => {
    const { port } = await startBroker(t);
    const publisher = await connectClient(t, port);
    await publisher.publishAsync('late/one', 'unheard', { qos: 1 });
    const subscriber = await connectClient(t, port);
    await subscriber.subscribeAsync('late/#', { qos });
    const got: string[] = [];
    subscriber.on('message', (_topic, payload) => got.push(payload.toString()));
    await publisher.publishAsync('late/one', 'heard', { qos });
    await until(() => got.length > 0);
    assert.deepEqual(got, ['heard']);
  });
}

test('a taken port is one clear sentence', async (t) => {
  const { port } = await startBroker(t);
  await assert.rejects(startBroker(t, { tcp: { port } }), (error) => {
    assert.ok(error instanceof PortcullisError);
    assert.equal(error.code, 'PORT_TAKEN');
    assert.match(error.message, new RegExp(`MQTT cannot listen on port ${port} of 127\\.0\\.0\\.1`));
    return true;
  });
});

test('a command may go where the device that named the topic may hear, or could hear where it has no login', async (t) => {
  const closed = await startBroker(t, { anonymous: false });
  const { logins } = closed.transport;
  await logins.addCredential({ user: 'bulb', profile: 'esphome', clientIds: ['bulb-1', 'bulb-2'] });
  const may = (taughtBy: string, topic: string) => closed.transport.mayBeToldBy(taughtBy, 'esphome', topic);
  const lock = 'zigbee2mqtt/frontdoor/set';
  assert.deepEqual(
    [may('bulb', 'bulb-2/switch/x/command'), may('bulb', 'porch/x'), may('bulb', lock)],
    [true, false, false],
  );
  assert.deepEqual(
    [may('', 'porch/switch/x/command'), may('', lock), may('', 'cmnd/valve/POWER')],
    [true, false, false],
  );
  await logins.revoke('bulb');
  assert.equal(may('bulb', 'bulb-2/switch/x/command'), false);
  const open = await startBroker(t);
  assert.equal(open.transport.mayBeToldBy('', 'esphome', lock), true);
});
