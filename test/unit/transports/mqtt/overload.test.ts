import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { connectAsync } from 'mqtt';
import { PortcullisError } from '../../../../contracts/errors.ts';
import type { MqttLimits } from '../../../../gateway/transports/mqtt/options.ts';
import type { MqttTransport } from '../../../../gateway/transports/mqtt/listen-mqtt.ts';
import { makeCertificate } from '../../../harness/certificate.ts';
import { connectClient, connectRaw, grantedQos, startBroker, toldReasons, until } from './broker.ts';
import { connectPacket, pingreq, publishPacket, subscribe } from './packets.ts';

const diskFull = (): Error => new PortcullisError('DISK_FULL', 'The disk is full.');
const burst = (count: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => publishPacket({ qos: 1, messageId: i + 1 })));

test('no more messages of one client are taken than the limit, and the rest follows', async (t) => {
  const { port, store, transport } = await startBroker(t, { limits: { maxPendingPerClient: 10 } });
  const client = await connectRaw(t, port);
  client.send(connectPacket());
  await client.receive(4);
  const commit = Promise.withResolvers<void>();
  store.gate = commit.promise;
  client.send(burst(200));
  await until(() => transport.stats().pending === 10);
  const other = await connectClient(t, port);
  await other.subscribeAsync('x');
  assert.equal(transport.stats().pending, 10);
  commit.resolve();
  await client.receive(200 * 4);
  assert.equal(store.ingested.length, 200);
  assert.equal(transport.stats().pending, 0);
});

test('above the limit of bytes no other socket is read, a login still works, and all messages come in the end', async (t) => {
  const { port, store, transport } = await startBroker(t, { limits: { maxPendingBytes: 16 * 1024 } });
  const heavy = await connectClient(t, port, { clientId: 'heavy' });
  const light = await connectRaw(t, port);
  light.send(connectPacket());
  await light.receive(4);
  const commit = Promise.withResolvers<void>();
  store.gate = commit.promise;
  const payload = Buffer.alloc(8 * 1024);
  const sending = Array.from({ length: 40 }, () => heavy.publishAsync('a', payload, { qos: 1 }));
  await until(() => transport.stats().pendingBytes >= 16 * 1024);
  const { pending } = transport.stats();
  light.send(publishPacket({ qos: 1 }));
  await connectClient(t, port, { clientId: 'newcomer' });
  assert.equal(transport.stats().pending, pending);
  commit.resolve();
  await Promise.all(sending);
  assert.deepEqual(await light.receive(4), Buffer.from('40020001', 'hex'));
  assert.equal(store.ingested.length, 41);
});

test('while the disk is full acknowledgements are held, nobody is disconnected, and it resumes by itself', async (t) => {
  const { port, store, transport } = await startBroker(t);
  const clients = await Promise.all(Array.from({ length: 3 }, (_, i) => connectClient(t, port, { clientId: `c${i}` })));
  store.fault = diskFull;
  let acknowledged = 0;
  const all = clients.map((client) => client.publishAsync('a', 'x', { qos: 1 }).then(() => acknowledged++));
  await until(() => transport.stats().held > 0);
  assert.equal(acknowledged, 0);
  store.fault = undefined;
  await Promise.all(all);
  assert.ok(clients.every(({ connected }) => connected));
  assert.equal(store.ingested.length, 3);
  await clients[0]?.publishAsync('a', 'later', { qos: 1 });
});

test('a failure that will not pass closes the connection without an acknowledgement', async (t) => {
  const { port, store } = await startBroker(t);
  const client = await connectRaw(t, port);
  client.send(connectPacket());
  await client.receive(4);
  store.fault = () => new PortcullisError('INTERNAL', 'no');
  client.send(publishPacket({ qos: 1 }));
  assert.equal((await client.closed).length, 0);
});

test('acknowledgements are not held for ever', async (t) => {
  const { port, store } = await startBroker(t, { limits: { holdMs: 100 } });
  const client = await connectRaw(t, port);
  client.send(connectPacket());
  await client.receive(4);
  store.fault = diskFull;
  client.send(publishPacket({ qos: 1 }));
  assert.equal((await client.closed).length, 0);
});

test('a closing broker gives the acknowledgements that are on their way', async (t) => {
  const { port, store, transport } = await startBroker(t);
  const client = await connectRaw(t, port);
  client.send(connectPacket());
  await client.receive(4);
  const commit = Promise.withResolvers<void>();
  store.gate = commit.promise;
  client.send(publishPacket({ qos: 1 }));
  await until(() => transport.stats().pending === 1);
  const closing = transport[Symbol.asyncDispose]();
  commit.resolve();
  assert.deepEqual(await client.receive(4), Buffer.from('40020001', 'hex'));
  await closing;
  await transport[Symbol.asyncDispose]();
});

test('the negative control acknowledges before the commit', async (t) => {
  const { port, store } = await startBroker(t, { acknowledge: 'before-commit' });
  store.gate = new Promise(() => undefined);
  const client = await connectClient(t, port);
  await client.publishAsync('a', 'x', { qos: 1 });
  assert.equal(store.ingested.length, 0);
});

test('a subscriber that stops reading is cut off; publisher and other subscribers go on', async (t) => {
  const { port } = await startBroker(t);
  const reasons = toldReasons(t);
  const stopped = await connectRaw(t, port);
  stopped.send(connectPacket({ clientId: 'stopped' }), subscribe('#', 1));
  await stopped.receive(4 + 5);
  stopped.socket.pause();
  const reader = await connectClient(t, port);
  await reader.subscribeAsync('unrelated', { qos: 1 });
  let got = 0;
  reader.on('message', () => got++);
  const publisher = await connectClient(t, port);
  const payload = Buffer.alloc(64 * 1024);
  for (let i = 0; i < 400 && !reasons.has('slow-subscriber'); i++) {
    await publisher.publishAsync('heavy', payload, { qos: 1 });
    if (i % 10 === 0) await publisher.publishAsync('unrelated', String(i), { qos: 1 });
  }
  assert.equal(reasons.get('slow-subscriber'), 1);
  const before = got;
  await publisher.publishAsync('unrelated', 'last', { qos: 1 });
  await until(() => got > before);
  assert.ok(publisher.connected);
});

test('a stopped subscriber with QoS 0 loses messages, is told about, and stays', async (t) => {
  const { port, transport } = await startBroker(t);
  const reasons = toldReasons(t);
  const stopped = await connectRaw(t, port);
  stopped.send(connectPacket({ clientId: 'stopped' }), subscribe('heavy', 0));
  await stopped.receive(4 + 5);
  stopped.socket.pause();
  const publisher = await connectClient(t, port);
  const payload = Buffer.alloc(64 * 1024);
  for (let i = 0; i < 400 && !reasons.has('slow-subscriber'); i++) {
    await publisher.publishAsync('heavy', payload, { qos: 1 });
  }
  assert.ok((reasons.get('slow-subscriber') ?? 0) > 0);
  assert.equal(transport.stats().connections, 2);
});

/** What a client says first on each listener. */
const opened = {
  tcp: connectPacket(),
  // A ClientHello of TLS that is 512 bytes long.
  tls: Buffer.concat([Buffer.from('1603010200', 'hex'), Buffer.alloc(512)]),
  ws: Buffer.from('GET /mqtt HTTP/1.1\r\nHost: x\r\n\r\n'),
};
const kinds = ['tcp', 'tls', 'ws'] as const;

test('500 half-open connections do not keep a device out, and are ended', async (t) => {
  await forEachListener(t, {}, async (t, { kind, transport, port, url, ca }) => {
    const reasons = toldReasons(t);
    for (let i = 0; i < 500; i++) {
      const socket = connect(port, '127.0.0.1', () => socket.write(opened[kind].subarray(0, 5)));
      socket.on('error', () => undefined);
      t.after(() => socket.destroy());
    }
    await until(() => transport.stats().connections === 500);
    const device = await connectAsync(url, { reconnectPeriod: 0, ca });
    t.after(() => device.end(true));
    await device.publishAsync('a', 'x', { qos: 1 });
    await until(() => transport.stats().connections <= 21);
    assert.ok((reasons.get('half-open') ?? 0) >= 480);
    assert.ok(device.connected);
  });
});

test('connections above the limit are closed at once', async (t) => {
  await forEachListener(t, { maxConnections: 2 }, async (t, { transport, port }) => {
    for (let i = 0; i < 2; i++) await connectClient(t, transport.ports.tcp ?? 0, { clientId: String(i) });
    const third = await connectRaw(t, port);
    await third.closed;
  });
});

test('a silent connection is closed after the connect timeout', async (t) => {
  await forEachListener(t, { connectTimeoutMs: 50 }, async (t, { transport, port }) => {
    const silent = await connectRaw(t, port);
    assert.equal((await silent.closed).length, 0);
    await until(() => transport.stats().connections === 0);
  });
});

interface Reached {
  readonly kind: (typeof kinds)[number];
  readonly transport: MqttTransport;
  readonly port: number;
  readonly url: string;
  /** Whom a client has to trust. */
  readonly ca: string;
}

/** Tries the same on each listener of a broker that has them all. */
async function forEachListener(
  t: TestContext,
  limits: Partial<MqttLimits>,
  tryOn: (t: TestContext, reached: Reached) => Promise<void>,
): Promise<void> {
  const { key, cert } = await makeCertificate();
  for (const kind of kinds) {
    await t.test(kind, async (t) => {
      const { transport } = await startBroker(t, { limits, tls: { port: 0, key, cert }, ws: { port: 0 } });
      const port = transport.ports[kind] ?? 0;
      const [scheme, path] = ({ tcp: ['mqtt', ''], tls: ['mqtts', ''], ws: ['ws', '/mqtt'] } as const)[kind];
      await tryOn(t, { kind, transport, port, url: `${scheme}://127.0.0.1:${port}${path}`, ca: cert });
    });
  }
}

for (const clean of [true, false]) {
  test(`subscriptions above the limit are refused, in one packet and in many: clean=${clean}`, async (t) => {
    const { port, store } = await startBroker(t, { limits: { maxSubscriptionsPerClient: 3 } });
    const client = await connectClient(t, port, { clientId: 'reader', clean });
    assert.deepEqual(await grantedQos(client, ['a', 'b']), [1, 1]);
    assert.deepEqual(await grantedQos(client, ['c', 'd', 'e']), [1, 128, 128]);
    const together = ['f', 'g'].map((filter) => grantedQos(client, [filter]));
    assert.deepEqual(await Promise.all(together), [[128], [128]]);
    assert.deepEqual(await grantedQos(client, ['a']), [1], 'one that it has');
    await client.unsubscribeAsync('a');
    assert.deepEqual(await grantedQos(client, ['d', 'e']), [1, 128]);
    assert.equal(store.count('mqtt_subscriptions'), clean ? 0 : 3);
  });
}

test('a burst of pings in front of messages is answered in order', async (t) => {
  const { port } = await startBroker(t);
  const client = await connectRaw(t, port);
  client.send(connectPacket(), pingreq, pingreq, publishPacket({ qos: 1 }));
  const answers = await client.receive(4 + 2 + 2 + 4);
  assert.equal(answers.toString('hex'), '20020000d000d00040020001');
});
