import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { openCloud } from '../../../../simulator/cloud/cloud.ts';
import { send, startCloud } from './cloud-client.ts';

const devices = '/v1.0/iot-03/3rdcloud/devices';

test('a refresh token works once, ends the old pair, and may be signed in version 1', async (t) => {
  const { cloud, call, login } = await startCloud(t);
  const first = (await login()).json.result as { access_token: string; refresh_token: string };
  const time = String(Date.now());
  const sign = createHmac('sha256', cloud.secret).update(`${cloud.clientId}${first.access_token}${time}`).digest('hex');
  const headers = { client_id: cloud.clientId, access_token: first.access_token, t: time, sign: sign.toUpperCase() };
  const refresh = { method: 'GET', target: `/v1.0/token/${first.refresh_token}` };
  const v1 = await send(cloud, { ...refresh, headers: { ...headers, sign_method: 'HMAC-SHA256' } });
  assert.equal(v1.json.success, true);
  assert.equal((await call('GET', refresh.target)).json.code, 1400);
  assert.equal((await call('GET', `${devices}/x`)).json.code, 1010, 'the old access token has ended');
  await login();
  assert.equal((await call('GET', `${devices}/x`)).json.code, 2010, 'the new one is good');
});

test('an access token ends after its life', async (t) => {
  let now = Date.now();
  const { call, login } = await startCloud(t, { tokenLifeMs: 60_000, clock: { wallMs: () => now, monoMs: () => 0 } });
  await login();
  now += 59_000;
  assert.equal((await call('GET', `${devices}/x`)).json.code, 2010);
  now += 1_000;
  assert.equal((await call('GET', `${devices}/x`)).json.code, 1010);
});

test('a clock that is off by more than five minutes is told so, with the time of the cloud', async (t) => {
  let now = Date.now();
  const { cloud } = await startCloud(t, { clock: { wallMs: () => now, monoMs: () => 0 } });
  const time = String(now);
  now += 300_001;
  const headers = { client_id: cloud.clientId, t: time, sign: 'A'.repeat(64), sign_method: 'HMAC-SHA256' };
  const { status, json } = await send(cloud, { method: 'GET', target: '/v1.0/token?grant_type=1', headers });
  assert.deepEqual([status, json.success, json.code, json['t']], [200, false, 1013, now]);
});

test('the same third-party id registers the same device, and a child needs a registered gateway', async (t) => {
  const { call, login, register } = await startCloud(t);
  await login();
  const id = await register('gw1');
  assert.equal(await register('gw1'), id);
  const child = { device_name: 'Desk plug', product_id: 'p1', gateway_id: id };
  const registered = await call('POST', `${devices}/plug1/sub/register`, child);
  assert.equal(registered.json.success, true);
  const orphan = await call('POST', `${devices}/plug2/sub/register`, { ...child, gateway_id: 'nobody' });
  assert.equal(orphan.json.code, 2010);
  const wrong = await call('POST', `${devices}/bad-id/register`, { device_name: 'Desk plug', product_id: 'p1' });
  assert.equal(wrong.json.code, 1109);
  assert.equal((await call('PUT', `${devices}/${id}/online`, {})).json.result, true);
  assert.equal((await call('PUT', `${devices}/${id}`, { device_name: 'Gateway' })).json.result, true);
  const shown = (await call('GET', `${devices}/gw1`)).json.result as Record<string, unknown>;
  assert.deepEqual([shown['online'], shown['device_name'], shown['device_id']], [true, 'Gateway', id]);
  assert.equal((await call('DELETE', `${devices}/${id}/remove`)).json.result, true);
  assert.equal((await call('GET', `${devices}/gw1`)).json.code, 2010);
});

test('reported values are the status, and the latest time wins', async (t) => {
  const { call, login, register } = await startCloud(t);
  await login();
  const id = await register('sensor1');
  const report = (key: string, value: unknown, time: number) =>
    call('POST', `${devices}/${id}/property/report`, { msg_id: key, data: { temp: { value, time } } });
  assert.equal((await report('a', 21, 2000)).json.result, true);
  assert.equal((await report('b', 19, 1000)).json.result, true);
  assert.deepEqual((await call('GET', `/v1.0/iot-03/devices/${id}/status`)).json.result, [{ code: 'temp', value: 21 }]);
  const many = await call('GET', `/v1.0/iot-03/devices/status?device_ids=${id},nobody`);
  assert.deepEqual(many.json.result, [{ id, status: [{ code: 'temp', value: 21 }] }]);
  assert.equal((await report('x'.repeat(33), 1, 1)).json.code, 1109);
});

test('a body without its content type is refused, and one above 64 KB too', async (t) => {
  const { call, login, register } = await startCloud(t);
  await login();
  const id = await register('sensor1');
  const target = `${devices}/${id}/property/report`;
  const data = { temp: { value: 1 } };
  assert.equal((await call('POST', target, { data }, { 'content-type': 'text/plain' })).json.code, 1006);
  assert.equal((await call('POST', target, { data: { temp: { value: 'x'.repeat(65_536) } } })).json.code, 1109);
});

test('a quota per second answers 1110 and recovers, a used-up plan answers 28841004', async (t) => {
  let mono = 0;
  const clock = { wallMs: () => Date.now(), monoMs: () => mono };
  const quotas = { query: { perSecond: 2, total: 3 } };
  const { call, login } = await startCloud(t, { clock, quotas });
  await login();
  const ask = async (): Promise<unknown> => (await call('GET', `${devices}/x`)).json.code;
  assert.deepEqual([await ask(), await ask(), await ask()], [2010, 2010, 1110]);
  mono += 1000;
  assert.deepEqual([await ask(), await ask()], [2010, 28841004]);
});

test('a command is lent to the poll that waits for it, and settled by its acknowledgement', async (t) => {
  const { call, mock, login, register } = await startCloud(t);
  await login();
  const id = await register('plug1');
  const waiting = call('GET', '/v1.0/iot-03/3rdcloud/commands/poll?timeout=30000');
  const commands = [{ code: 'switch_1', value: true }];
  assert.equal((await call('POST', `/v1.0/iot-03/devices/${id}/commands`, { commands })).json.result, true);
  const due = (await waiting).json.result as { commands: Record<string, unknown>[] };
  assert.equal(due.commands.length, 1);
  const [command] = due.commands;
  assert.deepEqual([command?.['device_id'], command?.['third_id'], command?.['commands']], [id, 'plug1', commands]);
  const again = await call('GET', '/v1.0/iot-03/3rdcloud/commands/poll?timeout=0');
  assert.deepEqual(again.json.result, { commands: [] });
  const ack = `/v1.0/iot-03/3rdcloud/commands/${String(command?.['command_id'])}/ack`;
  assert.equal((await call('POST', ack, { success: true })).json.result, true);
  const listed = (await mock('GET', '/_mock/commands')).json as unknown as { state: string }[];
  assert.deepEqual(
    listed.map(({ state }) => state),
    ['acked'],
  );
});

test('a restart keeps certificate, secret and the ids of devices', async (t) => {
  const first = await startCloud(t);
  await first.login();
  const id = await first.register('gw1');
  const dataDir = first.cloud.caFile.replace(/\/ca\.pem$/, '');
  await first.cloud[Symbol.asyncDispose]();
  const second = await startCloud(t, { dataDir });
  assert.equal(second.cloud.ca, first.cloud.ca);
  assert.equal(await readFile(second.cloud.secretFile, 'utf8'), first.cloud.secret);
  await second.login();
  assert.equal(await second.register('gw1'), id);
});

test('a taken port is PORT_TAKEN, a file in place of the folder is FILE_UNREADABLE', async (t) => {
  const { cloud } = await startCloud(t);
  const dataDir = cloud.caFile.replace(/\/ca\.pem$/, '');
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  await assert.rejects(openCloud({ dataDir, port }), { code: 'PORT_TAKEN' });
  await assert.rejects(openCloud({ dataDir: cloud.caFile }), { code: 'FILE_UNREADABLE' });
});

test('closing ends a long poll and a half-open call at once', async (t) => {
  const { cloud, call, mock, login } = await startCloud(t);
  await login();
  const poll = call('GET', '/v1.0/iot-03/3rdcloud/commands/poll?timeout=60000');
  await mock('POST', '/_mock/faults', { kind: 'half-open', path: devices });
  const held = call('GET', `${devices}/x`);
  const ends = Promise.allSettled([poll, held]);
  await mock('GET', '/_mock/faults');
  await cloud[Symbol.asyncDispose]();
  assert.equal((await ends).length, 2);
});
