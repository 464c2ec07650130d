import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopback } from '../../../../simulator/cloud/mock-api.ts';
import { startCloud } from './cloud-client.ts';
import type { Client } from './cloud-client.ts';

const devices = '/v1.0/iot-03/3rdcloud/devices';

interface Ready extends Client {
  readonly id: string;
  report(key: string): ReturnType<Client['call']>;
  count(): Promise<unknown>;
}

async function ready(t: Parameters<typeof startCloud>[0], options?: Parameters<typeof startCloud>[1]): Promise<Ready> {
  const client = await startCloud(t, options);
  await client.login();
  const id = await client.register('s1');
  return {
    ...client,
    id,
    report: (key) =>
      client.call('POST', `${devices}/${id}/property/report`, { msg_id: key, data: { temp: { value: 1, time: 1 } } }),
    count: async () => (await client.mock('GET', '/_mock/received?format=count')).json['count'],
  };
}

test('refuse cuts the connection and nothing is done', async (t) => {
  const client = await ready(t);
  await client.mock('POST', '/_mock/faults', { kind: 'refuse', count: 2 });
  await assert.rejects(client.report('a'));
  await assert.rejects(client.report('a'));
  assert.equal(await client.count(), 0);
  assert.equal((await client.report('a')).json.result, true);
});

test('a lost answer: the effect is there, the client sees a cut connection, the repeat succeeds', async (t) => {
  const client = await ready(t);
  await client.mock('POST', '/_mock/faults', { kind: 'lost-answer' });
  await assert.rejects(client.report('a'));
  assert.equal(await client.count(), 1);
  assert.equal((await client.report('a')).json.result, true);
  assert.equal(await client.count(), 1);
});

test('5xx, 429 and a failure code are answered as asked, and nothing is done', async (t) => {
  const client = await ready(t);
  await client.mock('POST', '/_mock/faults', { kind: '5xx', status: 502 });
  await client.mock('POST', '/_mock/faults', { kind: '429' });
  await client.mock('POST', '/_mock/faults', { kind: 'code', code: 1106 });
  assert.equal((await client.report('a')).status, 502);
  assert.equal((await client.report('a')).status, 429);
  assert.equal((await client.report('a')).json.code, 1106);
  assert.equal(await client.count(), 0);
});

test('token expiry answers 1010 until the client logs in again', async (t) => {
  const client = await ready(t);
  await client.mock('POST', '/_mock/faults', { kind: 'token-expiry' });
  assert.equal((await client.report('a')).json.code, 1010);
  assert.equal((await client.report('a')).json.code, 1010);
  await client.login();
  assert.equal((await client.report('a')).json.result, true);
});

test('a fault holds for its time and its path only, and DELETE ends it', async (t) => {
  let mono = 0;
  const client = await ready(t, { clock: { wallMs: () => Date.now(), monoMs: () => mono } });
  await client.mock('POST', '/_mock/faults', { kind: '5xx', forMs: 1000, path: '/v1.0/iot-03/devices' });
  const status = (): ReturnType<Client['call']> => client.call('GET', `/v1.0/iot-03/devices/${client.id}/status`);
  assert.equal((await client.report('a')).status, 200);
  assert.equal((await status()).status, 503);
  mono = 999;
  assert.equal((await status()).status, 503);
  mono = 1000;
  assert.equal((await status()).status, 200);
  await client.mock('POST', '/_mock/faults', { kind: '5xx', count: 1000 });
  await client.mock('DELETE', '/_mock/faults');
  assert.equal((await status()).status, 200);
});

test('slow delays the answer and still does the work', async (t) => {
  const client = await ready(t);
  await client.mock('POST', '/_mock/faults', { kind: 'slow', delayMs: 30 });
  const started = performance.now();
  assert.equal((await client.report('a')).json.result, true);
  assert.ok(performance.now() - started >= 29);
});

test('an unknown fault is refused, and the armed ones are listed with their hits', async (t) => {
  const client = await ready(t);
  assert.equal((await client.mock('POST', '/_mock/faults', { kind: 'meteor' })).status, 400);
  await client.mock('POST', '/_mock/faults', { kind: '429', count: 2 });
  await client.report('a');
  const listed = (await client.mock('GET', '/_mock/faults')).json as unknown as { kind: string; hits: number }[];
  assert.deepEqual(
    listed.map(({ kind, hits }) => [kind, hits]),
    [['429', 1]],
  );
});

test('only addresses of this machine count as loopback', () => {
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) assert.ok(isLoopback(address), address);
  for (const address of ['10.0.0.1', '::ffff:10.0.0.1', '1127.0.0.1', '', undefined]) assert.ok(!isLoopback(address));
});
