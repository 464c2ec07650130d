import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectAsync } from 'mqtt';
import { startDaemon, type Daemon } from '../harness/daemon.ts';
import { waitUntil } from '../harness/wait-until.ts';

interface Answer {
  readonly status: number;
  readonly etag: string | null;
  readonly body: Record<string, unknown> & { readonly detail?: string };
}

/** Calls the API as the administrator. */
function admin({ httpPort, dataDir }: Daemon) {
  const token = readFileSync(join(dataDir, 'admin-token'), 'utf8').trim();
  return async (method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Answer> => {
    const answer = await fetch(`http://127.0.0.1:${httpPort}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return {
      status: answer.status,
      etag: answer.headers.get('etag'),
      body: (await answer.json()) as Answer['body'],
    };
  };
}

test('an engineer on site: places, a device that appears, a name, a move, and the same after kill -9', async (t) => {
  const daemon = await startDaemon(t);
  const call = admin(daemon);
  const ids: string[] = [];
  for (const [kind, name] of [
    ['building', 'Mill'],
    ['floor', 'Ground'],
    ['area', 'East'],
    ['room', 'Kitchen'],
  ]) {
    const { body } = await call('POST', '/places', { kind, name, ...(ids.length > 0 && { parent: ids.at(-1) }) });
    ids.push(String(body['id']));
  }
  assert.equal((await call('POST', '/places', { kind: 'room', name: 'Kitchen', parent: ids[2] })).status, 409);
  assert.equal((await call('POST', '/places', { kind: 'room', name: 'Attic', parent: ids[0] })).status, 422);
  assert.equal((await call('POST', '/groups', { name: 'Facility', members: ['Ann'], areas: [ids[2]] })).status, 200);

  const client = await connectAsync({ host: '127.0.0.1', port: daemon.mqttPort, clientId: 'meter' });
  t.after(() => client.end(true));
  await client.publishAsync('meters/hall', '{"temperature":21}', { qos: 1 });
  // The acknowledgement came after the device was in the registry.
  const device = '/devices/json%3Ameters%2Fhall';
  const appeared = await call('GET', device);
  assert.equal(appeared.body['lifeCycle'], 'SHADOW', JSON.stringify(appeared));
  assert.equal(appeared.etag, '"1"');

  const moved = await call('PATCH', device, { place: ids[3], name: 'Hall meter' }, { 'if-match': '"1"' });
  assert.deepEqual([moved.status, moved.etag, moved.body['path']], [200, '"2"', 'Mill/Ground/East/Kitchen']);
  const late = await call('PATCH', device, { name: 'Other' }, { 'if-match': '"1"' });
  assert.equal(late.status, 409);
  assert.match(late.body.detail ?? '', /has version 2, not 1/);
  assert.equal((await call('DELETE', `/places/${ids[0]}`)).status, 409, 'it is not empty');
  assert.equal((await call('GET', `/devices?place=${ids[0]}`)).body['total'], 1);

  await daemon.kill();
  await daemon.start();
  const after = await call('GET', device);
  assert.deepEqual([after.body['name'], after.body['place'], after.body['version']], ['Hall meter', ids[3], 2]);
  assert.equal(((await call('GET', '/places')).body['places'] as unknown[]).length, 4);

  const cascade = await call('DELETE', `/places/${ids[0]}?cascade=true`);
  assert.equal(cascade.status, 200);
  assert.equal((await call('GET', device)).body['place'], undefined);
  assert.deepEqual((await call('GET', '/groups')).body['groups'], [
    { ...((await call('GET', '/groups')).body['groups'] as object[])[0], areas: [], version: 2 },
  ]);
});

test('decommissioned: the connection closes, the credentials end, what it had retained is gone, its data deletable', async (t) => {
  const daemon = await startDaemon(t, { config: { mqtt: { anonymous: false } } });
  const call = admin(daemon);
  assert.equal((await call('POST', '/devices', { id: 'json:pump', name: 'Pump', tags: ['east'] })).status, 200);
  const { body: issued } = await call('POST', '/devices/json:pump/credentials', { profile: 'generic', user: 'pump' });
  const login = { host: '127.0.0.1', port: daemon.mqttPort, clientId: 'pump', username: 'pump' };
  const password = String(issued['password']);
  const client = await connectAsync({ ...login, password, reconnectPeriod: 0 });
  t.after(() => client.end(true));
  await client.publishAsync('devices/pump/state', '{"temperature":4}', { qos: 1, retain: true });
  const retained = async (): Promise<string | undefined> =>
    /mqtt_messages\{state="retained"\} (\d+)/.exec(
      await (await fetch(`http://127.0.0.1:${daemon.httpPort}/metrics`)).text(),
    )?.[1];
  assert.equal(await retained(), '1');

  assert.equal((await call('POST', '/devices/json:pump/decommission', {})).body['lifeCycle'], 'DECOMMISSIONED');
  await waitUntil('the connection to close', async () => !client.connected);
  await assert.rejects(connectAsync({ ...login, password, reconnectPeriod: 0, connectTimeout: 5_000 }));
  assert.deepEqual((await call('GET', '/credentials')).body['credentials'], []);
  assert.equal(await retained(), '0');
  assert.equal((await call('POST', '/devices/json:pump/retry', {})).status, 422);

  const gone = await call('DELETE', '/devices/json:pump?data=true');
  assert.equal(gone.status, 200, JSON.stringify(gone));
  assert.equal((await call('GET', '/devices/json:pump')).status, 404);
});

test('new hardware takes over place, name and tags; the old device is gone from the broker and points to it', async (t) => {
  const daemon = await startDaemon(t, { config: { mqtt: { anonymous: false } } });
  const call = admin(daemon);
  const { body: place } = await call('POST', '/places', { kind: 'building', name: 'Mill' });
  await call('POST', '/devices', { id: 'json:old', name: 'Pump', place: place['id'], profile: 'pump', tags: ['east'] });
  await call('POST', '/devices/json:old/credentials', { profile: 'generic' });
  const { body: successor } = await call('POST', '/devices/json:old/replace', { by: 'json:new' });
  const { id, name, place: where, profile, tags, replaces, lifeCycle } = successor;
  assert.deepEqual(
    { id, name, where, profile, tags, replaces, lifeCycle },
    {
      id: 'json:new',
      name: 'Pump',
      where: place['id'],
      profile: 'pump',
      tags: ['east'],
      replaces: 'json:old',
      lifeCycle: 'SHADOW',
    },
  );
  const { body: old } = await call('GET', '/devices/json:old');
  assert.deepEqual(
    [old['lifeCycle'], old['replacedBy'], old['user'], old['place']],
    ['DECOMMISSIONED', 'json:new', undefined, place['id']],
  );
  assert.deepEqual((await call('GET', '/credentials')).body['credentials'], []);
});
