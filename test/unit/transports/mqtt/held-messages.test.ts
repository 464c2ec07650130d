import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { PortcullisError } from '../../../../contracts/errors.ts';
import { connectClient, connectRaw, startBroker, until } from './broker.ts';
import type { RawClient } from './broker.ts';
import { connectPacket, pingreq, pingresp, publishPacket } from './packets.ts';
import type { SqliteStore } from './sqlite-store.ts';

const storeFailed = (): Error => new PortcullisError('STORE_FAILED', 'The writer gave no answer.');
const overloaded = (): Error => new PortcullisError('OVERLOADED', 'Too many messages wait.');
const puback = (messageId: number): Buffer => Buffer.of(0x40, 2, 0, messageId);

/** The queue of the plugin that hears `slow/#` is full. */
const fillSlowQueue = (store: SqliteStore): void => {
  store.fault = (message) => (message?.topic.startsWith('slow/') === true ? overloaded() : undefined);
};

async function loggedIn(t: TestContext, port: number, clientId: string): Promise<RawClient> {
  const client = await connectRaw(t, port);
  client.send(connectPacket({ clientId }));
  await client.receive(4);
  return client;
}

test('after a hold that ended without a commit, messages and pings are read again', async (t) => {
  const { port, store, transport } = await startBroker(t, { limits: { holdMs: 100 } });
  const given = await loggedIn(t, port, 'given-up');
  const other = await loggedIn(t, port, 'other');
  store.fault = storeFailed;
  given.send(publishPacket({ qos: 1 }));
  await given.closed;
  assert.deepEqual([transport.stats().held, transport.stats().pending], [0, 0]);
  store.fault = undefined;
  other.send(pingreq);
  assert.deepEqual(await other.receive(2), pingresp);
  const again = await loggedIn(t, port, 'given-up');
  again.send(publishPacket({ qos: 1 }));
  assert.deepEqual(await again.receive(4), puback(1));
});

test('a store that fails stops all reading, and nobody is disconnected', async (t) => {
  const { port, store, transport } = await startBroker(t);
  const first = await loggedIn(t, port, 'first');
  const second = await loggedIn(t, port, 'second');
  store.fault = storeFailed;
  first.send(publishPacket({ qos: 1 }));
  await until(() => transport.stats().held === 1);
  second.send(publishPacket({ qos: 1 }));
  await connectClient(t, port);
  assert.equal(transport.stats().pending, 1);
  store.fault = undefined;
  assert.deepEqual(await first.receive(4), puback(1));
  assert.deepEqual(await second.receive(4), puback(1));
});

test('a full queue of one plugin holds its own clients back and nobody else', async (t) => {
  const { port, store, transport } = await startBroker(t);
  const slow = await loggedIn(t, port, 'slow');
  const fast = await connectClient(t, port, { clientId: 'fast' });
  fillSlowQueue(store);
  slow.send(publishPacket({ qos: 1, messageId: 1, topic: 'slow/a', payload: '1' }));
  await until(() => transport.stats().held === 1);
  slow.send(publishPacket({ qos: 1, messageId: 2, topic: 'slow/a', payload: '2' }));
  for (let n = 0; n < 3; n++) await fast.publishAsync('fast/a', 'x', { qos: 1 });
  assert.equal(transport.stats().pending, 1, 'the held client is not read');
  store.fault = undefined;
  assert.deepEqual(await slow.receive(8), Buffer.concat([puback(1), puback(2)]));
  const slowly = store.ingested.filter(({ client }) => client === 'slow');
  assert.deepEqual(
    slowly.map(({ text }) => text),
    ['1', '2'],
  );
});

test('a store fault beside a full queue ends without it: who is not concerned is read again', async (t) => {
  const { port, store, transport } = await startBroker(t);
  const slow = await loggedIn(t, port, 'slow');
  const fast = await loggedIn(t, port, 'fast');
  fillSlowQueue(store);
  slow.send(publishPacket({ qos: 1, topic: 'slow/a' }));
  await until(() => transport.stats().held === 1);
  store.fault = storeFailed;
  fast.send(publishPacket({ qos: 1, topic: 'fast/a' }));
  await until(() => transport.stats().held === 2);
  fillSlowQueue(store);
  assert.deepEqual(await fast.receive(4), puback(1));
  fast.send(publishPacket({ qos: 1, messageId: 2, topic: 'fast/a' }));
  assert.deepEqual(await fast.receive(4), puback(2));
  store.fault = undefined;
  assert.deepEqual(await slow.receive(4), puback(1));
});

test('what waits for room in a full queue is bounded in bytes, and the rest is not acknowledged', async (t) => {
  const { port, store, transport } = await startBroker(t, { limits: { maxHeldBytes: 20 * 1024 } });
  const payload = Buffer.alloc(8 * 1024);
  fillSlowQueue(store);
  const patient = await loggedIn(t, port, 'patient');
  patient.send(publishPacket({ qos: 1, topic: 'slow/a', payload }));
  await until(() => transport.stats().held === 1);
  const second = await loggedIn(t, port, 'second');
  second.send(publishPacket({ qos: 1, topic: 'slow/a', payload }));
  await until(() => transport.stats().held === 2);
  const third = await loggedIn(t, port, 'third');
  third.send(publishPacket({ qos: 1, topic: 'slow/a', payload }));
  assert.equal((await third.closed).length, 0);
  assert.equal(transport.stats().held, 2);
  store.fault = undefined;
  assert.deepEqual(await patient.receive(4), puback(1));
  assert.deepEqual(await second.receive(4), puback(1));
});

test('what a client sent behind a message that is given up is not stored before it', async (t) => {
  const { port, store, transport } = await startBroker(t, { limits: { holdMs: 100 } });
  const client = await loggedIn(t, port, 'device');
  store.fault = (message) => (message?.text === '1' ? overloaded() : undefined);
  client.send(publishPacket({ qos: 1, messageId: 1, payload: '1' }));
  await until(() => transport.stats().held === 1);
  const resumed = await loggedIn(t, port, 'device');
  const both = [1, 2].map((n) => publishPacket({ qos: 1, messageId: n, payload: `${n}` }));
  resumed.send(Buffer.concat(both));
  assert.equal((await resumed.closed).length, 0);
  assert.equal(store.ingested.length, 0);
});

test('a message that arrives while held ones are tried again does not overtake them', async (t) => {
  const { port, store, transport } = await startBroker(t);
  const client = await loggedIn(t, port, 'device');
  const other = await loggedIn(t, port, 'other');
  store.fault = (message) => (message?.client === 'device' ? storeFailed() : undefined);
  const both = [1, 2].map((n) => publishPacket({ qos: 1, messageId: n, payload: `${n}` }));
  client.send(Buffer.concat(both));
  await until(() => transport.stats().held === 2);
  const failing = Promise.withResolvers<Error | undefined>();
  store.fault = (message) => (message?.text === '2' ? failing.promise : undefined);
  assert.deepEqual(await client.receive(4), puback(1));
  client.send(publishPacket({ qos: 1, messageId: 3, payload: '3' }));
  for (let n = 1; n <= 3; n++) {
    other.send(publishPacket({ qos: 1, messageId: n, payload: 'other' }));
    assert.deepEqual(await other.receive(4), puback(n));
  }
  store.fault = undefined;
  failing.resolve(storeFailed());
  assert.deepEqual(await client.receive(8), Buffer.concat([puback(2), puback(3)]));
  const own = store.ingested.filter((one) => one.client === 'device');
  assert.deepEqual(
    own.map(({ text }) => text),
    ['1', '2', '3'],
  );
});
