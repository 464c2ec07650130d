import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReceivedLog } from '../../../../simulator/cloud/received.ts';
import { startCloud } from './cloud-client.ts';
import type { Answer, Client } from './cloud-client.ts';

const devices = '/v1.0/iot-03/3rdcloud/devices';

interface Row {
  readonly key: string;
  readonly device: string;
  readonly times: number;
  readonly effects: number;
  readonly summary: string;
}

const rowsOf = async (client: Client): Promise<Row[]> =>
  (await client.mock('GET', '/_mock/received')).json['rows'] as Row[];

const tempReport = (key: string, value: number) => ({ msg_id: key, data: { temp: { value, time: value } } });

test('a repeated key is answered with success and has one effect', async (t) => {
  const client = await startCloud(t);
  await client.login();
  const id = await client.register('s1');
  for (let i = 0; i < 3; i++) {
    const { json } = await client.call('POST', `${devices}/${id}/property/report`, tempReport('k1', 7));
    assert.equal(json.result, true);
  }
  const [row, ...others] = await rowsOf(client);
  assert.equal(others.length, 0);
  assert.deepEqual([row?.key, row?.device, row?.times, row?.effects, row?.summary], ['k1', id, 3, 1, 'temp=7']);
});

test('each id in the header is a key of its own, and stands before msg_id', async (t) => {
  const client = await startCloud(t);
  await client.login();
  const id = await client.register('s1');
  const send = (keys: string) =>
    client.call('POST', `${devices}/${id}/property/report`, tempReport('m', 1), { 'idempotency-key': keys });
  await send('a,b');
  await send('b, c');
  const seen = (await rowsOf(client)).map(({ key, times, effects }) => [key, times, effects]);
  assert.deepEqual(seen, [
    ['a', 1, 1],
    ['b', 2, 1],
    ['c', 1, 1],
  ]);
  assert.equal((await send('not a key')).json.code, 1109);
});

test('the same key of two devices has an effect on each', async (t) => {
  const client = await startCloud(t);
  await client.login();
  for (const third of ['s1', 's2']) {
    const id = await client.register(third);
    await client.call('POST', `${devices}/${id}/event/report`, { msg_id: 'k', data: { event_code: 'ring' } });
  }
  assert.deepEqual(
    (await rowsOf(client)).map(({ effects }) => effects),
    [1, 1],
  );
});

test('going online with an id in the header counts once, and a late repeat does not undo what came after', async (t) => {
  const client = await startCloud(t);
  await client.login();
  const id = await client.register('s1');
  const put = (what: string, key: string) =>
    client.call('PUT', `${devices}/${id}/${what}`, {}, { 'idempotency-key': key });
  for (const [what, key] of [
    ['online', 'a'],
    ['offline', 'b'],
    ['online', 'a'],
  ] as const) {
    assert.equal((await put(what, key)).json.result, true);
  }
  const shown = (await client.call('GET', `${devices}/s1`)).json.result as { online: boolean };
  assert.equal(shown.online, false);
  assert.deepEqual(
    (await rowsOf(client)).map(({ key, times, effects }) => [key, times, effects]),
    [
      ['a', 2, 1],
      ['b', 1, 1],
    ],
  );
});

test('a repeat may be refused with 1113, or applied again by a cloud without memory', async (t) => {
  const strict = await startCloud(t, { repeats: 'refuse' });
  const naive = await startCloud(t, { repeats: 'apply' });
  for (const [client, code, effects] of [
    [strict, 1113, 1],
    [naive, undefined, 2],
  ] as const) {
    await client.login();
    const id = await client.register('s1');
    await client.call('POST', `${devices}/${id}/property/report`, tempReport('k', 1));
    const { json } = await client.call('POST', `${devices}/${id}/property/report`, tempReport('k', 1));
    assert.equal(json.code, code);
    assert.equal((await rowsOf(client))[0]?.effects, effects);
  }
});

test('a batch takes what it knows and answers 2121, 2122 when it knows none, and holds to its limits', async (t) => {
  const client = await startCloud(t);
  await client.login();
  const id = await client.register('s1');
  const batch = async (reports: readonly unknown[]): Promise<unknown> =>
    (await client.call('POST', `${devices}/batch/property/report`, { reports })).json.code;
  const good = (n: number) => ({ device_id: id, ...tempReport(`k${n}`, n) });
  const bad = { device_id: 'nobody', ...tempReport('x', 1) };
  assert.equal(await batch([good(1), good(2)]), undefined);
  assert.equal(await batch([good(3), bad]), 2121);
  assert.equal(await batch([bad]), 2122);
  assert.equal(await batch(Array.from({ length: 500 }, (_, n) => good(n))), 2124);
  assert.equal(await batch(Array.from({ length: 21 }, (_, n) => ({ ...bad, device_id: `d${n}` }))), 2123);
  assert.equal(await batch([]), 1109);
  assert.deepEqual(
    (await rowsOf(client)).map(({ key }) => key),
    ['k1', 'k2', 'k3'],
  );
});

test('pages cover every row once, in order, and a count is enough for totals', async (t) => {
  const client = await startCloud(t);
  await client.login();
  const id = await client.register('s1');
  const reports = Array.from({ length: 25 }, (_, n) => ({ device_id: id, ...tempReport(`k${n}`, n) }));
  await client.call('POST', `${devices}/batch/property/report`, { reports });
  const seen: string[] = [];
  for (let cursor: number | null = 0; cursor !== null;) {
    const { json }: Answer = await client.mock('GET', `/_mock/received?limit=10&cursor=${cursor}`);
    seen.push(...(json['rows'] as Row[]).map(({ key }) => key));
    cursor = json['next'] as number | null;
  }
  assert.deepEqual(
    seen,
    reports.map(({ msg_id: key }) => key),
  );
  const counted = await client.mock('GET', '/_mock/received?format=count');
  assert.deepEqual(counted.json, { count: 25, times: 25, effects: 25, forgotten: 0 });
  const later = await client.mock('GET', `/_mock/received?since=${Date.now() + 60_000}`);
  assert.deepEqual(later.json['rows'], []);
  await client.mock('DELETE', '/_mock/received');
  assert.deepEqual(await rowsOf(client), []);
});

test('the log is bounded: the oldest tenth is forgotten and still counted', () => {
  const log = new ReceivedLog(100);
  for (let n = 0; n <= 100; n++) log.count({ device: 'd', key: `k${n}`, summary: '', effect: true, now: 1000 + n });
  assert.deepEqual(log.totals(), { count: 101, times: 101, effects: 101, forgotten: 10 });
  const { rows, next } = log.page({ since: 0, cursor: 0, limit: 1000 });
  assert.deepEqual([rows.length, rows[0]?.key, rows[0]?.firstAt, next], [91, 'k10', 1010, null]);
});
