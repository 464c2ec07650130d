import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectAsync } from 'mqtt';
import { generate } from 'selfsigned';
import { startBroker, connectRaw } from './broker.ts';

test('a client speaks MQTT over TLS', async (t) => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 });
  const { transport, store } = await startBroker(t, { tls: { port: 0, key, cert } });
  const client = await connectAsync(`mqtts://localhost:${transport.ports.tls}`, { ca: cert, reconnectPeriod: 0 });
  t.after(() => client.end(true));
  await client.publishAsync('a', 'over TLS', { qos: 1 });
  assert.equal(store.ingested[0]?.text, 'over TLS');
});

test('with a client CA a client without a certificate is refused', async (t) => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 });
  const { transport } = await startBroker(t, { tls: { port: 0, key, cert, ca: cert } });
  const url = `mqtts://localhost:${transport.ports.tls}`;
  await assert.rejects(connectAsync(url, { ca: cert, reconnectPeriod: 0, connectTimeout: 2000 }, false));
});

test('a byte stream without TLS gets nothing from the TLS port', async (t) => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 });
  const { transport } = await startBroker(t, { tls: { port: 0, key, cert } });
  const client = await connectRaw(t, transport.ports.tls ?? 0);
  client.send(Buffer.from('101000044d5154540402003c000474657374', 'hex'));
  assert.ok(!(await client.closed).includes(Buffer.from('20020000', 'hex')));
});

test('a client speaks MQTT over WebSocket', async (t) => {
  const { transport, store } = await startBroker(t, { ws: { port: 0 } });
  const client = await connectAsync(`ws://127.0.0.1:${transport.ports.ws}/mqtt`, { reconnectPeriod: 0 });
  t.after(() => client.end(true));
  await client.publishAsync('a', 'over WebSocket', { qos: 1 });
  assert.equal(store.ingested[0]?.text, 'over WebSocket');
});

test('another path or subprotocol of the WebSocket port is refused', async (t) => {
  const { transport } = await startBroker(t, { ws: { port: 0 } });
  const failed = async (url: string, protocol: string): Promise<void> => {
    const socket = new WebSocket(url, protocol);
    await new Promise((resolve) => (socket.onerror = resolve));
  };
  await failed(`ws://127.0.0.1:${transport.ports.ws}/other`, 'mqtt');
  await failed(`ws://127.0.0.1:${transport.ports.ws}/mqtt`, 'chat');
});
