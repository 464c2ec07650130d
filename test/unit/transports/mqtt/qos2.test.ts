import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PortcullisError } from '../../../../contracts/errors.ts';
import { connectRaw, startBroker, until } from './broker.ts';
import type { RawClient, TestBroker } from './broker.ts';
import type { TestContext } from 'node:test';
import { connectPacket, publishPacket, pubrel } from './packets.ts';

const message = (dup = false): Buffer => publishPacket({ qos: 2, messageId: 7, dup, payload: 'once' });
const pubrec7 = '50020007';
const pubcomp7 = '70020007';

async function connected(t: TestContext, { port }: TestBroker, clean = false): Promise<RawClient> {
  const client = await connectRaw(t, port);
  client.send(connectPacket({ clientId: 'meter', clean }));
  await client.receive(4);
  return client;
}

async function receiveHex(client: RawClient, count: number): Promise<string> {
  return (await client.receive(count)).toString('hex');
}

test('PUBREC is withheld until ingest resolved, and the id is committed with the message', async (t) => {
  const broker = await startBroker(t);
  const client = await connected(t, broker);
  const commit = Promise.withResolvers<void>();
  broker.store.gate = commit.promise;
  client.send(message(), Buffer.from('c000', 'hex'));
  assert.equal(await receiveHex(client, 2), 'd000', 'the ping is answered first');
  commit.resolve();
  assert.equal(await receiveHex(client, 4), pubrec7);
  assert.equal(broker.store.count('mqtt_incoming'), 1);
  client.send(pubrel(7));
  assert.equal(await receiveHex(client, 4), pubcomp7);
  assert.equal(broker.store.count('mqtt_incoming'), 0);
});

test('a repetition is answered and not ingested again, also across a restart', async (t) => {
  const first = await startBroker(t);
  const client = await connected(t, first);
  client.send(message());
  assert.equal(await receiveHex(client, 4), pubrec7);
  await first.transport[Symbol.asyncDispose]();

  const second = await startBroker(t, {}, first.file);
  const again = await connected(t, second);
  again.send(message(true));
  assert.equal(await receiveHex(again, 4), pubrec7);
  assert.equal(second.store.ingested.length, 0);
  assert.equal(second.store.count('messages'), 1);
  again.send(pubrel(7));
  assert.equal(await receiveHex(again, 4), pubcomp7);
  assert.equal(second.store.count('mqtt_incoming'), 0);

  again.send(message());
  assert.equal(await receiveHex(again, 4), pubrec7);
  assert.equal(second.store.ingested.length, 1, 'a released id carries the next message');
});

test('two copies of one message in flight are ingested once', async (t) => {
  const broker = await startBroker(t);
  const client = await connected(t, broker);
  client.send(Buffer.concat([message(), message(true)]));
  assert.equal(await receiveHex(client, 8), pubrec7 + pubrec7);
  assert.equal(broker.store.ingested.length, 1);
});

test('a client that repeats one uncommitted message without end is closed', async (t) => {
  const broker = await startBroker(t);
  const client = await connected(t, broker);
  const commit = Promise.withResolvers<void>();
  broker.store.gate = commit.promise;
  client.send(Buffer.concat(Array.from({ length: 10 }, (_, n) => message(n > 0))));
  assert.equal((await client.closed).toString('hex'), '');
  commit.resolve();
  await until(() => broker.store.count('messages') === 1);
});

test('PUBCOMP does not leave when the id cannot be deleted', async (t) => {
  const broker = await startBroker(t);
  const client = await connected(t, broker);
  client.send(message());
  await client.receive(4);
  broker.store.fault = () => new PortcullisError('STORE_FAILED', 'no');
  client.send(pubrel(7));
  assert.equal((await client.closed).toString('hex'), '');
  assert.equal(broker.store.count('mqtt_incoming'), 1);
});

test('a clean session takes its ids with it', async (t) => {
  const broker = await startBroker(t);
  const client = await connected(t, broker, true);
  client.send(message());
  await client.receive(4);
  client.socket.destroy();
  await until(() => broker.store.count('mqtt_incoming') === 0);
  const again = await connected(t, broker, true);
  again.send(message());
  assert.equal(await receiveHex(again, 4), pubrec7);
  assert.equal(broker.store.ingested.length, 2);
});

test('the ids of a session without subscriptions go with its revoked credential', async (t) => {
  const broker = await startBroker(t, { anonymous: false });
  await broker.transport.logins.addCredential({ user: 'meter', profile: 'generic', password: 'p' });
  const client = await connectRaw(t, broker.port);
  client.send(connectPacket({ clientId: 'meter', clean: false, username: 'meter', password: Buffer.from('p') }));
  await client.receive(4);
  client.send(publishPacket({ topic: 'devices/meter/a', qos: 2, messageId: 7 }));
  await client.receive(4);
  assert.equal(broker.store.count('mqtt_incoming'), 1);
  await broker.transport.logins.revoke('meter');
  assert.equal(broker.store.count('mqtt_incoming'), 0);
});
