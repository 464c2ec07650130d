import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Credentials } from '../../../../gateway/transports/mqtt/credentials.ts';
import { shippedProfiles } from '../../../../gateway/transports/mqtt/profiles.ts';
import { connectClient, connectRaw, startBroker, toldReasons, until } from './broker.ts';
import type { RawClient, TestBroker } from './broker.ts';
import { accepted, connectPacket } from './packets.ts';
import type { SqliteStore } from './sqlite-store.ts';
import type { TestContext } from 'node:test';
import type { IConnectPacket } from 'mqtt-packet';

const closedDoor = { anonymous: false };

/** The return code of the CONNACK that a CONNECT gets. */
async function connack(t: TestContext, { port }: TestBroker, options: Partial<IConnectPacket>): Promise<number> {
  const client = await connectRaw(t, port);
  client.send(connectPacket(options));
  return (await client.receive(4))[3]!;
}

const login = (user: string, password: string, clientId = user): Partial<IConnectPacket> => ({
  clientId,
  username: user,
  password: Buffer.from(password),
});

test('nobody is let in by default', async (t) => {
  const broker = await startBroker(t, closedDoor);
  await broker.transport.logins.addCredential({ user: 'lamp', profile: 'generic', password: 'right' });
  assert.equal(await connack(t, broker, { clientId: 'lamp' }), 5, 'anonymous');
  assert.equal(await connack(t, broker, { clientId: 'lamp', username: 'lamp' }), 5, 'no password');
  assert.equal(await connack(t, broker, login('lamp', '')), 5, 'an empty password');
  assert.equal(await connack(t, broker, login('lamp', 'wrong')), 5);
  assert.equal(await connack(t, broker, login('nobody', 'right')), 5);
  assert.equal(await connack(t, broker, login('lamp', 'right')), 0);
});

test('passwords are stored as salted hashes, and an issued one works after a restart', async (t) => {
  const first = await startBroker(t, closedDoor);
  const { password } = await first.transport.logins.addCredential({ user: 'lamp', profile: 'generic' });
  const [row] = await first.store.read('mqtt.readCredentials', []);
  const stored = Buffer.from(row?.['hash'] as Uint8Array);
  assert.equal(stored.length, 32);
  assert.ok(!stored.includes(password));
  await first.transport[Symbol.asyncDispose]();
  const second = await startBroker(t, closedDoor, first.file);
  assert.equal(await connack(t, second, login('lamp', password)), 0);
});

test('a device whose profile is gone is named and may not connect; when the profile is back, it may', async (t) => {
  const profiles = [{ name: 'acme', publish: ['acme/%c/#'], subscribe: [], retain: false }];
  const first = await startBroker(t, { ...closedDoor, profiles });
  const { password } = await first.transport.logins.addCredential({ user: 'meter', profile: 'acme' });
  await first.transport[Symbol.asyncDispose]();
  const second = await startBroker(t, closedDoor, first.file);
  assert.equal(await connack(t, second, login('meter', password)), 5);
  const shipped = new Map(shippedProfiles.map((one) => [one.name, one]));
  assert.deepEqual((await Credentials.open(second.store, shipped)).withoutProfile, ['meter']);
  await second.transport[Symbol.asyncDispose]();
  const third = await startBroker(t, { ...closedDoor, profiles }, first.file);
  assert.equal(await connack(t, third, login('meter', password)), 0);
});

test('another user cannot take over a client id', async (t) => {
  const broker = await startBroker(t, closedDoor);
  const { addCredential } = { addCredential: broker.transport.logins.addCredential.bind(broker.transport) };
  await addCredential({ user: 'victim', profile: 'generic', password: 'v' });
  await addCredential({ user: 'thief', profile: 'generic', password: 't' });
  const victim = await connectClient(t, broker.port, { clientId: 'victim', username: 'victim', password: 'v' });
  const reasons = toldReasons(t);
  assert.equal(await connack(t, broker, login('thief', 't', 'victim')), 5);
  assert.equal(reasons.get('client-id-not-bound'), 1);
  assert.ok(victim.connected);
  await victim.publishAsync('devices/victim/x', '1', { qos: 1 });
});

test('an anonymous client cannot take the id of a device', async (t) => {
  const broker = await startBroker(t, { anonymous: true });
  await broker.transport.logins.addCredential({ user: 'lamp', profile: 'generic', password: 'p' });
  assert.equal(await connack(t, broker, { clientId: 'lamp' }), 5);
  assert.equal(await connack(t, broker, { clientId: 'somebody' }), 0);
});

test('listed client ids belong to one user', async (t) => {
  const broker = await startBroker(t, closedDoor);
  const device = { user: 'bridge', profile: 'generic', password: 'p', clientIds: ['b1', 'b2'] };
  await broker.transport.logins.addCredential(device);
  assert.equal(await connack(t, broker, login('bridge', 'p', 'b2')), 0);
  assert.equal(await connack(t, broker, login('bridge', 'p', 'bridge')), 5);
  const second = broker.transport.logins.addCredential({ user: 'b1', profile: 'generic' });
  await assert.rejects(second, { code: 'CONFLICT', message: /client id "b1" belongs to another/ });
});

test('a user that is there already is a conflict; an unknown one or profile is not found', async (t) => {
  const { logins } = (await startBroker(t, closedDoor)).transport;
  await logins.addCredential({ user: 'lamp', profile: 'generic' });
  const taken = { code: 'CONFLICT', message: /"lamp" exists already. Rotate/ };
  await assert.rejects(logins.addCredential({ user: 'lamp', profile: 'generic' }), taken);
  const known = { code: 'NOT_FOUND', message: /"nope"; there are: zigbee2mqtt, .*reader\.$/ };
  await assert.rejects(logins.addCredential({ user: 'other', profile: 'nope' }), known);
  await assert.rejects(logins.takeOver([{ user: 'other', rights: 'nope' }]), known);
  await assert.rejects(logins.rotate('nobody'), { code: 'NOT_FOUND' });
});

test('during a rotation both passwords work, and the next rotation ends the oldest and its connection', async (t) => {
  const broker = await startBroker(t, closedDoor);
  await broker.transport.logins.addCredential({ user: 'lamp', profile: 'generic', password: 'one' });
  const old = await connectClient(t, broker.port, { clientId: 'lamp', username: 'lamp', password: 'one' });
  await broker.transport.logins.rotate('lamp', 'two');
  assert.ok(old.connected);
  assert.equal(broker.transport.logins.listDevices()[0]?.credentialIds.length, 2);
  await broker.transport.logins.rotate('lamp', 'three');
  await until(() => !old.connected);
  assert.equal(await connack(t, broker, login('lamp', 'one')), 5);
  assert.equal(await connack(t, broker, login('lamp', 'two')), 0);
  assert.equal(await connack(t, broker, login('lamp', 'three')), 0);
});

test('revocation closes the live connection, ends the session and is durable', async (t) => {
  const first = await startBroker(t, closedDoor);
  await first.transport.logins.addCredential({ user: 'lamp', profile: 'generic', password: 'p' });
  const options = { clientId: 'lamp', username: 'lamp', password: 'p', clean: false };
  const lamp = await connectClient(t, first.port, options);
  await lamp.subscribeAsync('devices/lamp/set', { qos: 1 });
  await first.transport.logins.revoke('lamp');
  await until(() => !lamp.connected);
  assert.equal(first.store.count('mqtt_subscriptions'), 0);
  assert.equal(await connack(t, first, login('lamp', 'p')), 5);
  await first.transport[Symbol.asyncDispose]();
  const second = await startBroker(t, closedDoor, first.file);
  assert.equal(await connack(t, second, login('lamp', 'p')), 5);
});

test('a login whose credential ends while its will is being stored does not stay connected', async (t) => {
  const broker = await startBroker(t, closedDoor);
  const { logins } = broker.transport;
  const commit = Promise.withResolvers<void>();
  const storing = heldAt(broker.store, 'mqtt.putWill', commit.promise);
  const comes = async (user: string, password: string): Promise<RawClient> => {
    const before = storing.waiting;
    const will = { topic: `devices/${user}/lwt`, payload: Buffer.from('gone'), qos: 1, retain: false } as const;
    const client = await connectRaw(t, broker.port);
    client.send(connectPacket({ ...login(user, password), will }));
    await until(() => storing.waiting > before);
    return client;
  };
  for (const user of ['removed', 'rotated', 'kept']) {
    await logins.addCredential({ user, profile: 'generic', password: 'p' });
  }
  const { credentialId } = await logins.rotate('rotated', 'new');
  const removed = await comes('removed', 'p');
  const rotated = await comes('rotated', 'new');
  const kept = await comes('kept', 'p');
  await logins.revoke('removed');
  await logins.revoke('rotated', credentialId);
  commit.resolve();
  for (const { closed } of [removed, rotated]) assert.equal((await closed).length, 0);
  assert.deepEqual(await kept.receive(4), accepted);
});

/** Lets writes with this statement wait, and counts them. */
function heldAt(store: SqliteStore, statement: string, until: Promise<void>): { waiting: number } {
  const write = store.write.bind(store);
  const held = { waiting: 0 };
  store.write = async (writes) => {
    if (writes.some((one) => one.statement === statement)) {
      held.waiting++;
      await until;
    }
    await write(writes);
  };
  return held;
}

test('guessing is locked out, the right password included', async (t) => {
  const broker = await startBroker(t, closedDoor);
  await broker.transport.logins.addCredential({ user: 'lamp', profile: 'generic', password: 'p' });
  await broker.transport.logins.addCredential({ user: 'other', profile: 'generic', password: 'p' });
  const reasons = toldReasons(t);
  for (let i = 0; i < 6; i++) assert.equal(await connack(t, broker, login('lamp', `guess ${i}`)), 5);
  assert.equal(reasons.get('login-failed'), 5);
  assert.equal(reasons.get('login-locked'), 1);
  assert.equal(await connack(t, broker, login('lamp', 'p')), 5);
  assert.equal(await connack(t, broker, login('other', 'p')), 0, 'a neighbour behind the same address');
});

for (const valid of [1, 2]) {
  test(`guesses that come together are locked out like others: ${valid} valid passwords`, async (t) => {
    const broker = await startBroker(t, closedDoor);
    await broker.transport.logins.addCredential({ user: 'lamp', profile: 'generic' });
    if (valid === 2) await broker.transport.logins.rotate('lamp');
    const reasons = toldReasons(t);
    const guesses = Array.from({ length: 30 }, (_, i) => connack(t, broker, login('lamp', `guess ${i}`)));
    assert.deepEqual([...new Set(await Promise.all(guesses))], [5]);
    assert.deepEqual([reasons.get('login-failed'), reasons.get('login-locked')], [5, 25]);
  });
}

test('a device that comes many times at once, and a crowd behind one address, are let in', async (t) => {
  const broker = await startBroker(t, closedDoor);
  await broker.transport.logins.addCredential({ user: 'lamp', profile: 'generic', password: 'p' });
  const clientIds = Array.from({ length: 60 }, (_, i) => `c${i}`);
  await broker.transport.logins.addCredential({ user: 'crowd', profile: 'generic', password: 'p', clientIds });
  const logins = [
    ...Array.from({ length: 10 }, () => login('lamp', 'p')),
    ...clientIds.map((id) => login('crowd', 'p', id)),
  ];
  const answers = await Promise.all(logins.map((one) => connack(t, broker, one)));
  assert.deepEqual([...new Set(answers)], [0]);
});

test('__proto__ is a user and client id like any other', async (t) => {
  const broker = await startBroker(t, closedDoor);
  assert.equal(await connack(t, broker, login('__proto__', 'p')), 5);
  await broker.transport.logins.addCredential({ user: '__proto__', profile: 'generic', password: 'p' });
  assert.equal(await connack(t, broker, login('__proto__', 'p')), 0);
  assert.equal(await connack(t, broker, login('constructor', 'p')), 5);
});
