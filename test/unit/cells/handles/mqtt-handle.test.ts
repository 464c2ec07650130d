import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openHandles, type HandleSession } from '../../../../gateway/cells/handles/handle-broker.ts';
import type { HandleGrants } from '../../../../gateway/cells/handles/grants.ts';
import { handleLimits } from '../../../../gateway/cells/handles/handle-limits.ts';
import type { Heard } from '../../../../gateway/cells/handles/lent-desk.ts';
import type { MqttTransport } from '../../../../gateway/transports/mqtt/listen-mqtt.ts';
import { waitUntil } from '../../../harness/wait-until.ts';
import { connectClient, startBroker } from '../../transports/mqtt/broker.ts';
import { deps } from '../plugins.ts';
import { nothing, openPorts } from './rig.ts';

function openSession(
  transport: MqttTransport,
  grants: Partial<HandleGrants>,
): { session: HandleSession; heard: { stream: number; heard: Heard }[] } {
  const heard: { stream: number; heard: Heard }[] = [];
  const handles = { grants: { ...nothing, ...grants }, secrets: new Map<string, string>(), variables: {} };
  const mqtt = {
    publish: (message: Parameters<MqttTransport['publish']>[0]) => transport.publish(message),
    subscribe: (...asked: Parameters<MqttTransport['subscribe']>) => transport.subscribe(...asked),
    actuationFilters: ['cmnd/#'],
  };
  const hear = (stream: number, said: Heard): boolean => heard.push({ stream, heard: said }) > 0;
  const session = openHandles({ name: 'acme', proto: 'acme', handles }, openPorts({ mqtt }), { ...deps, hear });
  return { session, heard };
}

const payload = Buffer.from('on');

test('a granted topic reaches the clients that are connected, never retained; others are refused', async (t) => {
  const { transport, port } = await startBroker(t);
  const client = await connectClient(t, port);
  const came: string[] = [];
  client.on('message', (topic, text, { retain }) => came.push(`${topic} ${text.toString()} ${retain}`));
  await client.subscribeAsync('#');
  const { session } = openSession(transport, { publish: ['gw/${device.id}/cmd', 'cmnd/#'], maxPayload: 8 });
  const publish = (topic: string, bytes = payload) => session.ask({ do: 'publish', topic, payload: bytes, qos: 1 });
  assert.deepEqual(await publish('gw/acme:1/cmd'), { is: 'done', value: { subscribers: 1 } });
  await waitUntil('the message', () => came.length === 1);
  assert.deepEqual(came, ['gw/acme:1/cmd on false']);
  for (const [topic, bytes, code] of [
    ['gw/z2m:1/cmd', payload, 'PC-R207'],
    ['gw/acme:1/other', payload, 'PC-R207'],
    ['gw/acme:1/cmd', Buffer.alloc(9), 'PC-R209'],
  ] as const) {
    const told = await publish(topic, bytes);
    assert.equal(told.is === 'refused' && told.code, code, topic);
  }
  const late = await connectClient(t, port);
  late.on('message', (topic) => came.push(`retained ${topic}`));
  await late.subscribeAsync('#');
  const limited = openSession(transport, { publish: ['cmnd/#'], trust: 'limited' });
  const told = await limited.session.ask({ do: 'publish', topic: 'cmnd/plug/POWER', payload, qos: 0 });
  assert.equal(told.is === 'refused' && told.code, 'PC-R207');
  assert.equal(came.length, 1);
});

test('messages per second are bounded', async (t) => {
  const { transport } = await startBroker(t);
  const { session } = openSession(transport, { publish: ['a'] });
  const codes = new Set<string>();
  for (let i = 0; i < handleLimits.publishesPerSecond * 4; i += 1) {
    const told = await session.ask({ do: 'publish', topic: 'a', payload, qos: 0 });
    codes.add(told.is === 'refused' ? told.code : told.is);
  }
  assert.deepEqual([...codes], ['done', 'PC-R209']);
});

test('a granted filter hears what clients publish until it is given back or revoked', async (t) => {
  const { transport, port } = await startBroker(t);
  const client = await connectClient(t, port);
  const { session, heard } = openSession(transport, { subscribe: ['gw/${device.id}/up'] });
  const wider = await session.ask({ do: 'subscribe', filter: 'gw/+/up' });
  assert.equal(wider.is === 'refused' && wider.code, 'PC-R207');
  const told = await session.ask({ do: 'subscribe', filter: 'gw/${device.id}/up' });
  assert.ok(told.is === 'done');
  const { stream } = told.value as { stream: number };
  await client.publishAsync('gw/z2m:1/up', 'not for it', { qos: 1 });
  await client.publishAsync('gw/acme:1/up', 'first', { qos: 1 });
  await waitUntil('the first message', () => heard.length > 0);
  const first = { topic: 'gw/acme:1/up', payload: Buffer.from('first').toString('base64') };
  assert.deepEqual(heard, [{ stream, heard: first }]);
  await session.ask({ do: 'release', stream });
  await client.publishAsync('gw/acme:1/up', 'nobody hears', { qos: 1 });
  await session.ask({ do: 'subscribe', filter: 'gw/acme:1/up' });
  await session[Symbol.asyncDispose]();
  await client.publishAsync('gw/acme:1/up', 'nobody hears', { qos: 1 });
  await sleep(0);
  assert.equal(heard.length, 1);
  const after = await session.ask({ do: 'subscribe', filter: 'gw/acme:1/up' });
  assert.equal(after.is === 'refused' && after.code, 'PC-R210');
});
