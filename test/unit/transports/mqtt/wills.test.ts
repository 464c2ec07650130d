import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { PortcullisError } from '../../../../contracts/errors.ts';
import { connectRaw, startBroker, toldReasons, until } from './broker.ts';
import type { RawClient, TestBroker } from './broker.ts';
import { accepted, connectPacket, disconnect, pingreq, pingresp } from './packets.ts';
import { temporaryFile } from './sqlite-store.ts';
import type { SqliteStore } from './sqlite-store.ts';

/** The broker looks for wills of an earlier run every four heartbeats. */
const roundMs = 60_000;
const devices = ['d0', 'd1', 'd2'];
/** CONNACK with return code 3. */
const serverUnavailable = Buffer.from('20020003', 'hex');
const overloaded = new PortcullisError('OVERLOADED', 'Too many messages wait.');

/** A broker with the devices, stopped again: what an earlier run left is put into its store. */
async function earlierRun(t: TestContext, file: string): Promise<SqliteStore> {
  const { transport, store } = await startBroker(t, { anonymous: false }, file);
  for (const user of devices) await transport.logins.addCredential({ user, profile: 'generic', password: 'p' });
  await transport[Symbol.asyncDispose]();
  return store;
}

/** Wills of so many clients that are named alike, before those of the devices. */
async function leaveWills(store: SqliteStore, others: string): Promise<void> {
  for (let n = 0; n < 20; n++) await leaveWill(store, `${others}${n}`, n + 1);
  for (const [n, device] of devices.entries()) await leaveWill(store, device, n + 100);
}

async function leaveWill(store: SqliteStore, client: string, seq: number): Promise<void> {
  const params = [client, seq, `devices/${client}/lwt`, Buffer.from('offline'), 1, 0];
  await store.write([{ statement: 'mqtt.putWill', params }]);
}

const published = ({ store }: TestBroker): string[] => store.ingested.map(({ client }) => client);

test('wills of clients that are gone are dropped, counted, and stop no other', async (t) => {
  const file = temporaryFile(t);
  const store = await earlierRun(t, file);
  await leaveWills(store, 'gone');
  t.mock.timers.enable({ apis: ['setInterval'] });
  const reasons = toldReasons(t);
  const broker = await startBroker(t, { anonymous: false }, file);
  t.mock.timers.tick(roundMs);
  await until(() => broker.store.count('mqtt_wills') === 0);
  assert.deepEqual(published(broker), devices);
  assert.equal(reasons.get('will-denied'), 20);
});

test('wills that cannot be stored stop no other, and are published when they can', async (t) => {
  const file = temporaryFile(t);
  const store = await earlierRun(t, file);
  await leaveWills(store, 'poison');
  t.mock.timers.enable({ apis: ['setInterval'] });
  const broker = await startBroker(t, { limits: { holdMs: 100 } }, file);
  const held = (): number => broker.transport.stats().held;
  broker.store.fault = (message) => (message?.client.startsWith('poison') === true ? overloaded : undefined);
  t.mock.timers.tick(roundMs);
  await until(() => held() > 0);
  await until(() => held() === 0);
  t.mock.timers.tick(roundMs);
  await until(() => broker.store.ingested.length === devices.length);
  assert.deepEqual(published(broker), devices);
  await until(() => held() === 0);
  broker.store.fault = undefined;
  t.mock.timers.tick(roundMs);
  await until(() => broker.store.count('mqtt_wills') === 0);
  assert.equal(published(broker).length, 23);
});

test('a will that still waits for room in the next round is published once', async (t) => {
  const file = temporaryFile(t);
  const store = await earlierRun(t, file);
  for (const [n, device] of ['d0', 'd1'].entries()) await leaveWill(store, device, n + 1);
  t.mock.timers.enable({ apis: ['setInterval'] });
  const broker = await startBroker(t, { anonymous: false }, file);
  const failed = Promise.withResolvers<void>();
  broker.store.fault = (message) => {
    if (message?.client !== 'd1') return overloaded;
    setImmediate(failed.resolve);
    return new PortcullisError('INTERNAL', 'no');
  };
  t.mock.timers.tick(roundMs);
  await failed.promise;
  broker.store.fault = (message) => (message?.client === 'd0' ? overloaded : undefined);
  t.mock.timers.tick(roundMs);
  await until(() => published(broker).includes('d1'));
  broker.store.fault = undefined;
  await until(() => broker.transport.stats().held === 0);
  assert.deepEqual(published(broker), ['d1', 'd0']);
});

test('all wills together are bounded: one more is refused with its CONNECT, and nothing of it is published', async (t) => {
  const { port, store } = await startBroker(t, { limits: { maxWillBytes: 40_000 } });
  const reasons = toldReasons(t);
  const login = async (clientId: string, payloadBytes: number): Promise<RawClient> => {
    const client = await connectRaw(t, port);
    const payload = Buffer.alloc(payloadBytes);
    client.send(connectPacket({ clientId, will: { topic: 'lwt', payload, qos: 1, retain: false } }));
    return client;
  };
  const one = await login('one', 30_000);
  assert.deepEqual(await one.receive(4), accepted);
  const two = await login('two', 30_000);
  assert.deepEqual(await two.closed, serverUnavailable);
  assert.equal(reasons.get('will-quota'), 1);
  assert.deepEqual([store.count('mqtt_wills'), store.ingested.length], [1, 0]);
  one.send(disconnect);
  await one.closed;
  await until(() => store.count('mqtt_wills') === 0);
  assert.deepEqual(await (await login('two', 30_000)).receive(4), accepted);
});

test('a CONNECT that is refused for its will leaves the connection of the same name as it is', async (t) => {
  const { port } = await startBroker(t, { limits: { maxWillBytes: 10_000 } });
  const first = await connectRaw(t, port);
  first.send(connectPacket({ clientId: 'one' }));
  await first.receive(4);
  const second = await connectRaw(t, port);
  const will = { topic: 'lwt', payload: Buffer.alloc(20_000), qos: 1, retain: false } as const;
  second.send(connectPacket({ clientId: 'one', will }));
  assert.deepEqual(await second.closed, serverUnavailable);
  first.send(pingreq);
  assert.deepEqual(await first.receive(2), pingresp);
  const third = await connectRaw(t, port);
  third.send(connectPacket({ clientId: 'one' }));
  assert.deepEqual(await third.receive(4), accepted);
  assert.equal((await first.closed).length, 0, 'the newer connection takes over');
});

test('a CONNECT whose will cannot be stored is refused, and leaves none behind', async (t) => {
  const { port, store } = await startBroker(t, { limits: { maxWillBytes: 1_000 } });
  const will = { topic: 'lwt', payload: Buffer.from('gone'), qos: 1, retain: false } as const;
  store.fault = () => new PortcullisError('STORE_FAILED', 'The writer gave no answer.');
  const refused = await connectRaw(t, port);
  refused.send(connectPacket({ clientId: 'one', will }));
  assert.deepEqual(await refused.closed, serverUnavailable);
  store.fault = undefined;
  const taken = await connectRaw(t, port);
  taken.send(connectPacket({ clientId: 'two', will }));
  assert.deepEqual(await taken.receive(4), accepted);
  assert.deepEqual([store.count('mqtt_wills'), store.ingested.length], [1, 0]);
});
