import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectRaw, startBroker, toldReasons } from './broker.ts';
import { accepted, connectPacket, field, packet, pingreq, pingresp, publishPacket, subscribe } from './packets.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const connect = (flags: number, ...fields: Buffer[]): Buffer =>
  packet(0x10, Buffer.concat([field('MQTT'), Buffer.of(4, flags, 0, 0), ...fields]));
const publish = (topic: string | Uint8Array, header = 0x30): Buffer => packet(header, field(topic));

/** A packet of 513 filters, each of these bytes. */
function filters(header: number, each: Buffer): Buffer {
  const body = Buffer.concat([bytes('0001'), ...Array.from({ length: 513 }, () => each)]);
  return Buffer.concat([Buffer.of(header, (body.length & 0x7f) | 0x80, body.length >> 7), body]);
}

interface Case {
  readonly name: string;
  readonly sent: Buffer;
  readonly reason: string;
  readonly answer?: string;
}

/** Refused in place of CONNECT. */
const atConnect: readonly Case[] = [
  { name: 'another packet before CONNECT', sent: pingreq, reason: 'not-connected' },
  { name: 'a 256 MB announcement', sent: bytes('10 80 80 80 7f'), reason: 'packet-size' },
  {
    name: 'a wrong protocol name',
    sent: packet(0x10, bytes('0004 4d515458 04 02 0000 0001 61')),
    reason: 'protocol-name',
  },
  {
    name: 'protocol level 6',
    sent: packet(0x10, bytes('0004 4d515454 06 02 0000 0001 61')),
    reason: 'protocol-version',
    answer: '20020001',
  },
  {
    name: 'protocol level 5',
    sent: packet(0x10, bytes('0004 4d515454 05 02 0000 00 0001 61')),
    reason: 'protocol-5',
    answer: '2003008400',
  },
  { name: 'a reserved connect flag', sent: connect(0x03, field('a')), reason: 'connect-flags' },
  { name: 'will flags without a will', sent: connect(0x22, field('a')), reason: 'connect-flags' },
  { name: 'a will with QoS 3', sent: connect(0x1e, field('a'), field('t'), field('p')), reason: 'will-qos' },
  {
    name: 'a password without a user name',
    sent: connect(0x42, field('a'), field('p')),
    reason: 'password-without-user',
  },
  { name: 'a user flag without a user name', sent: connect(0x82, field('a')), reason: 'packet-length' },
  { name: 'a user name without its flag', sent: connect(0x02, field('a'), field('user')), reason: 'packet-length' },
  {
    name: 'an empty client id with clean=false',
    sent: connect(0x00, field('')),
    reason: 'client-id-empty',
    answer: '20020002',
  },
  { name: 'NUL in a client id', sent: connect(0x02, field('a\0b')), reason: 'text' },
  { name: 'a surrogate in a user name', sent: connect(0x82, field('a'), field(bytes('eda080'))), reason: 'text' },
  {
    name: 'a control character in a will topic',
    sent: connect(0x06, field('a'), field('t\u0007'), field('p')),
    reason: 'text',
  },
  {
    name: 'a wildcard in a will topic',
    sent: connect(0x06, field('a'), field('t/#'), field('p')),
    reason: 'topic-wildcard',
  },
];

/** Refused on an accepted connection. */
const afterConnect: readonly Case[] = [
  { name: 'a second CONNECT', sent: connectPacket(), reason: 'second-connect' },
  { name: 'a 256 MB announcement', sent: bytes('30 80 80 80 7f'), reason: 'packet-size' },
  { name: 'a five byte length', sent: bytes('30 ff ff ff ff 01'), reason: 'remaining-length' },
  { name: 'QoS 3', sent: packet(0x36, Buffer.concat([field('a'), bytes('0001')])), reason: 'qos' },
  { name: 'DUP on QoS 0', sent: publish('a', 0x38), reason: 'dup-without-qos' },
  { name: 'an empty topic', sent: publish(''), reason: 'topic-empty' },
  { name: 'a wildcard in a topic', sent: publish('a/+'), reason: 'topic-wildcard' },
  { name: 'NUL in a topic', sent: publish('a\0'), reason: 'text' },
  { name: 'broken UTF-8 in a topic', sent: publish(bytes('61c3')), reason: 'text' },
  { name: 'U+FFFF in a topic', sent: publish('a\uffff'), reason: 'text' },
  { name: 'a topic of 33 levels', sent: publish('/'.repeat(32)), reason: 'topic-levels' },
  { name: 'a topic that is longer than its packet', sent: bytes('30 03 00 09 61'), reason: 'packet-length' },
  {
    name: 'packet id 0 in PUBLISH',
    sent: packet(0x32, Buffer.concat([field('a'), bytes('0000')])),
    reason: 'packet-id',
  },
  { name: 'packet id 0 in PUBACK', sent: bytes('40 02 00 00'), reason: 'packet-id' },
  { name: 'packet id 0 in SUBSCRIBE', sent: bytes('82 06 0000 0001 61 00'), reason: 'packet-id' },
  { name: 'packet id 0 in UNSUBSCRIBE', sent: bytes('a2 05 0000 0001 61'), reason: 'packet-id' },
  { name: 'a PUBREL without its flags', sent: bytes('60 02 00 01'), reason: 'header-flags' },
  { name: 'a PUBACK of three bytes', sent: bytes('40 03 00 01 00'), reason: 'packet-length' },
  { name: 'a PINGREQ with a body', sent: bytes('c0 01 00'), reason: 'packet-length' },
  { name: 'a DISCONNECT with a body', sent: bytes('e0 01 00'), reason: 'packet-length' },
  { name: 'SUBSCRIBE without a filter', sent: bytes('82 02 0001'), reason: 'packet-length' },
  { name: 'SUBSCRIBE with QoS 3', sent: bytes('82 06 0001 0001 61 03'), reason: 'qos' },
  { name: 'a filter with # inside', sent: subscribe('a/#/b'), reason: 'filter-wildcard' },
  { name: 'a filter with + inside a level', sent: subscribe('a+/b'), reason: 'filter-wildcard' },
  { name: 'a surrogate in a filter', sent: bytes('82 08 0001 0003 eda080 00'), reason: 'text' },
  { name: 'a SUBSCRIBE of 513 filters', sent: filters(0x82, bytes('0001 61 00')), reason: 'too-many-filters' },
  { name: 'an UNSUBSCRIBE of 513 filters', sent: filters(0xa2, bytes('0001 61')), reason: 'too-many-filters' },
  { name: 'SUBACK from a client', sent: bytes('90 03 0001 00'), reason: 'packet-type' },
  { name: 'packet type 15', sent: bytes('f0 00'), reason: 'packet-type' },
];

test('malformed CONNECT packets are refused', async (t) => {
  const { port, store } = await startBroker(t);
  const reasons = toldReasons(t);
  for (const { name, sent, reason, answer = '' } of atConnect) {
    await t.test(name, async (t) => {
      reasons.clear();
      const client = await connectRaw(t, port);
      client.send(sent);
      assert.equal((await client.closed).toString('hex'), answer);
      assert.equal(reasons.get(reason), 1, [...reasons.keys()].join());
    });
  }
  assert.equal(store.ingested.length, 0);
});

test('malformed packets close the connection and reach nobody', async (t) => {
  const { port, store } = await startBroker(t);
  const reasons = toldReasons(t);
  for (const { name, sent, reason } of afterConnect) {
    await t.test(name, async (t) => {
      const client = await connectRaw(t, port);
      client.send(connectPacket());
      await client.receive(accepted.length);
      reasons.clear();
      client.send(sent);
      assert.equal((await client.closed).toString('hex'), '');
      assert.equal(reasons.get(reason), 1, [...reasons.keys()].join());
    });
  }
  assert.equal(store.ingested.length, 0);
});

test('packets behind CONNECT in the same chunk wait for CONNACK and are served', async (t) => {
  const { port, store } = await startBroker(t);
  const client = await connectRaw(t, port);
  const many = Array.from({ length: 60 }, (_, i) => publishPacket({ qos: 1, messageId: i + 1 }));
  client.send(Buffer.concat([connectPacket(), ...many, pingreq]));
  const answers = await client.receive(accepted.length + many.length * 4 + pingresp.length);
  assert.deepEqual(answers.subarray(0, 4), accepted);
  assert.equal(store.ingested.length, 60);
});

test('an announced 256 MB is neither waited for nor buffered', async (t) => {
  const { port } = await startBroker(t);
  const client = await connectRaw(t, port);
  client.send(connectPacket());
  await client.receive(accepted.length);
  const before = process.memoryUsage().arrayBuffers;
  client.send(Buffer.from('30ffffff7f', 'hex'), Buffer.alloc(64 * 1024));
  await client.closed;
  assert.ok(process.memoryUsage().arrayBuffers - before < 1024 * 1024);
});
