import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { connect, connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { startDaemon, type Daemon } from '../harness/daemon.ts';
import { waitUntil } from '../harness/wait-until.ts';

const away = { clientId: 'away', clean: false } as const;

async function connected(t: TestContext, daemon: Daemon, options: IClientOptions): Promise<MqttClient> {
  const client = await connectAsync({ host: '127.0.0.1', port: daemon.mqttPort, reconnectPeriod: 0, ...options });
  client.on('error', () => undefined);
  t.after(() => client.end(true));
  return client;
}

/** Connects and collects from the first byte on: queued messages may follow the CONNACK at once. */
function hear(t: TestContext, daemon: Daemon, options: IClientOptions, filter?: string): string[] {
  const heard: string[] = [];
  const client = connect({ host: '127.0.0.1', port: daemon.mqttPort, reconnectPeriod: 0, ...options });
  t.after(() => client.end(true));
  client.on('error', () => undefined);
  client.on('message', (topic, payload) => heard.push(`${topic}=${payload.toString()}`));
  if (filter !== undefined) client.subscribe(filter, { qos: 2 });
  return heard;
}

test('after kill -9 an absent session gets, once, what was acknowledged, and retained values are there', async (t) => {
  const daemon = await startDaemon(t);
  const reader = await connected(t, daemon, away);
  await reader.subscribeAsync('house/#', { qos: 2 });
  await reader.endAsync();
  const sender = await connected(t, daemon, { clientId: 'sender' });
  const sent = Array.from({ length: 30 }, (_, n) => `house/count=${n}`);
  for (const [n] of sent.entries()) await sender.publishAsync('house/count', String(n), { qos: 2 });
  await sender.publishAsync('house/kept', 'warm', { qos: 2, retain: true });
  await sender.publishAsync('house/gone', 'x', { qos: 2, retain: true });
  await sender.publishAsync('house/gone', '', { qos: 2, retain: true });
  await daemon.kill();
  await daemon.start();

  const heard = hear(t, daemon, away);
  await waitUntil('everything that was acknowledged', () => heard.length >= sent.length + 3);
  assert.deepEqual(heard, [...sent, 'house/kept=warm', 'house/gone=x', 'house/gone=']);
  const newcomer = hear(t, daemon, { clientId: 'newcomer' }, 'house/#');
  await waitUntil('the retained value', () => newcomer.length > 0);
  assert.deepEqual(newcomer, ['house/kept=warm']);
});

test('the will of a device that died with the daemon is published once; that of one that came back is not', async (t) => {
  const daemon = await startDaemon(t);
  const watching = { clientId: 'watcher', clean: false } as const;
  const watcher = await connected(t, daemon, watching);
  await watcher.subscribeAsync('+/status', { qos: 1 });
  await watcher.endAsync();
  const will = (name: string): IClientOptions => ({
    clientId: name,
    will: { topic: `${name}/status`, payload: Buffer.from('offline'), qos: 1, retain: true },
  });
  await connected(t, daemon, will('dead'));
  await connected(t, daemon, will('alive'));
  await daemon.kill();
  await daemon.start();
  await connected(t, daemon, will('alive'));

  const heard = hear(t, daemon, watching);
  await waitUntil('the will of the dead', () => heard.length > 0, 60_000);
  assert.deepEqual(heard, ['dead/status=offline']);
  await daemon.kill();
  await daemon.start();
  const retained = hear(t, daemon, { clientId: 'newcomer' }, 'dead/status');
  await waitUntil('the retained will', () => retained.length > 0);
  assert.deepEqual(heard, ['dead/status=offline']);
});
