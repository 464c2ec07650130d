import assert from 'node:assert/strict';
import { argon2Sync } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { readMosquitto } from '../../../../gateway/transports/mqtt/mosquitto-files.ts';
import { connectClient, connectRaw, startBroker, type TestBroker } from './broker.ts';
import { connectPacket } from './packets.ts';

/** Written by mosquitto_passwd of Debian (2.0.11), with the passwords `right horse` and `old horse`. */
const passwords = [
  'lamp:$7$101$t/mZ0IrkpvMVIf1X$YhQluZaEDPiWGXPX4LtWoyDZvEVs/50Rd3Bd/m6+kVWYA3cbuNBXFVP+ZxmsrSRwjU5IO92eiUOpXIfb9G7Keg==',
  'old:$6$0heK1W0N50KYPtRF$C5XrKEZktcnSbG+c6lV9L+0ZY02NBGMTaAz2ZqYFvumMzsqqPuKTwHYsjkBUhmlgloQWafM7OpADe5b01xPJ/w==',
].join('\n');

async function connack(t: TestContext, { port }: TestBroker, clientId: string, username: string, password: string) {
  const client = await connectRaw(t, port);
  client.send(connectPacket({ clientId, username, password: Buffer.from(password) }));
  return (await client.receive(4))[3];
}

test('users of Mosquitto log in with their passwords, which are hashed anew, and still do after a restart', async (t) => {
  const first = await startBroker(t, { anonymous: false });
  const { users } = readMosquitto(passwords, 'everything');
  assert.deepEqual(await first.transport.logins.takeOver(users), []);
  assert.equal(await connack(t, first, 'any-id', 'lamp', 'wrong horse'), 5);
  assert.equal(await connack(t, first, 'any-id', 'lamp', 'right horse'), 0);
  assert.equal(await connack(t, first, 'other-id', 'lamp', 'right horse'), 0);
  const stored = async (broker: TestBroker) =>
    new Map((await broker.store.read('mqtt.readCredentials', [])).map((row) => [row['user'], row['foreign_hash']]));
  assert.equal((await stored(first)).get('lamp'), null);
  assert.match(String((await stored(first)).get('old')), /^\$6\$/);
  await first.transport[Symbol.asyncDispose]();
  const second = await startBroker(t, { anonymous: false }, first.file);
  assert.equal(await connack(t, second, 'any-id', 'lamp', 'right horse'), 0);
  assert.equal(
    await connack(t, second, 'any-id', 'old', 'old horse'),
    5,
    'another user does not take a client id over',
  );
  assert.equal(await connack(t, second, 'old-id', 'old', 'old horse'), 0);
});

test('a hash of Argon2id in the form of Mosquitto 2.1 is checked', async (t) => {
  const nonce = Buffer.alloc(64, 7);
  const tag = argon2Sync('argon2id', {
    message: 'new horse',
    nonce,
    memory: 47_104,
    passes: 1,
    parallelism: 1,
    tagLength: 64,
  });
  const bare = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');
  const broker = await startBroker(t, { anonymous: false });
  const { users } = readMosquitto(`tv:$argon2id$v=19$m=47104,t=1,p=1$${bare(nonce)}$${bare(tag)}`, 'everything');
  assert.deepEqual(await broker.transport.logins.takeOver(users), []);
  assert.equal(await connack(t, broker, 'tv', 'tv', 'new horse'), 0);
});

test('a hash that is none, or that costs too much to check, becomes a new password', async (t) => {
  const huge = passwords.split('\n')[0]?.replace('$101$', '$9999999$') ?? '';
  const { users } = readMosquitto(`${huge}\nplain:secret`, 'reader');
  const broker = await startBroker(t, { anonymous: false });
  const made = await broker.transport.logins.takeOver(users);
  assert.deepEqual(
    made.map(({ user }) => user),
    ['lamp', 'plain'],
  );
  assert.equal(await connack(t, broker, 'x', 'lamp', 'right horse'), 5);
  assert.equal(await connack(t, broker, 'x', 'lamp', made[0]?.password ?? ''), 0);
  assert.deepEqual(await broker.transport.logins.takeOver(users), [], 'who is there stays as they are');
});

test('the rules of the access file hold, with what is denied left out', async (t) => {
  const acl = [
    'user lamp',
    'topic read house/#',
    'topic readwrite lamps/lamp',
    'topic deny house/alarm',
    'pattern write tele/%c/+',
  ];
  const { users, notes } = readMosquitto([passwords, ...acl, 'user ghost', 'topic #'].join('\n'));
  assert.deepEqual(users[0]?.rights, { publish: ['lamps/lamp', 'tele/%c/+'], subscribe: ['lamps/lamp'] });
  assert.deepEqual(users[1]?.rights, { publish: ['tele/%c/+'], subscribe: [] });
  assert.ok(notes.some((note) => note.includes('house/alarm is denied')));
  assert.ok(notes.some((note) => note.startsWith('ghost has rules but no password')));
  const broker = await startBroker(t, { anonymous: false });
  await broker.transport.logins.takeOver(users);
  const lamp = await connectClient(t, broker.port, { clientId: 'c1', username: 'lamp', password: 'right horse' });
  await lamp.publishAsync('tele/c1/STATE', '1', { qos: 1 });
  const closed = new Promise<void>((resolve) => void lamp.once('close', () => resolve()));
  lamp.publish('house/door', '1', { qos: 1 });
  await closed;
  assert.deepEqual(
    broker.store.ingested.map(({ topic }) => topic),
    ['tele/c1/STATE'],
  );
});

test('a user keeps the newest of its client ids, and a device of its own takes one back', async (t) => {
  const broker = await startBroker(t, { anonymous: false });
  await broker.transport.logins.takeOver(readMosquitto(passwords, 'everything').users);
  for (let n = 0; n < 66; n++) assert.equal(await connack(t, broker, `id-${n}`, 'lamp', 'right horse'), 0);
  const [lamp] = broker.transport.logins.listDevices();
  assert.equal(lamp?.clientIds.length, 64);
  assert.equal(lamp.clientIds.at(-1), 'id-65');
  await broker.transport.logins.addCredential({ user: 'id-65', profile: 'generic', password: 'mine' });
  assert.equal(await connack(t, broker, 'id-65', 'lamp', 'right horse'), 5);
  assert.equal(await connack(t, broker, 'id-65', 'id-65', 'mine'), 0);
});

test('what is no file of Mosquitto is refused with its line, and rights are never guessed', () => {
  assert.throws(() => readMosquitto(passwords), { code: 'COMMAND_INVALID', message: /no access rules/ });
  assert.throws(() => readMosquitto(`${passwords}\nhello`, 'everything'), { message: /^line 3 / });
  assert.throws(() => readMosquitto(`${passwords}\ntopic read a/#/b`), { message: /^line 3: .* no filter/ });
  assert.throws(() => readMosquitto('# nothing', 'everything'), { message: /no user/ });
  assert.throws(() => readMosquitto('a:b\n'.repeat(20_001), 'everything'), { message: /20000 lines/ });
});
