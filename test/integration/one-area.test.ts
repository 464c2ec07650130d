import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startDaemon } from '../harness/daemon.ts';

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}
type Call = (method: string, path: string, body?: object) => Promise<Answer>;

interface TwoAreas {
  readonly east: string;
  readonly west: string;
  readonly admin: Call;
  /** Calls as a program that is confined to the east. */
  readonly easterner: (role: 'engineer' | 'machine') => Promise<Call>;
}

/** A house with an area in the east, which has the device `east`, and one in the west, which has `west`. */
async function startTwoAreas(t: TestContext): Promise<TwoAreas> {
  const profiles = { meter: { publish: ['meters/%c/#'] }, wing: { publish: ['wing/%c/#'], subscribe: ['wing/#'] } };
  const daemon = await startDaemon(t, { config: { mqtt: { profiles } } });
  const callAs =
    (secret: string): Call =>
    async (method, path, body) => {
      const answer = await fetch(`http://127.0.0.1:${daemon.httpPort}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${secret}`, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: (await answer.json()) as Answer['body'] };
    };
  const admin = callAs(readFileSync(join(daemon.dataDir, 'admin-token'), 'utf8').trim());
  const make = async (kind: string, name: string, parent?: string): Promise<string> =>
    String((await admin('POST', '/places', { kind, name, ...(parent && { parent }) })).body['id']);
  const floor = await make('floor', 'Ground', await make('building', 'Mill'));
  const [east, west] = [await make('area', 'East', floor), await make('area', 'West', floor)];
  await admin('POST', '/devices', { id: 'tasmota:east', place: east });
  await admin('POST', '/devices', { id: 'tasmota:west', place: west });
  const easterner = async (role: string): Promise<Call> =>
    callAs(
      String((await admin('POST', '/tokens', { name: `${role} of the east`, role, areas: [east] })).body['secret']),
    );
  return { east, west, admin, easterner };
}

test('an engineer of one area gets no MQTT user of another, neither alone nor one that devices share', async (t) => {
  const { admin, easterner } = await startTwoAreas(t);
  const engineer = await easterner('engineer');
  const own = '/devices/tasmota:east';
  for (const user of ['bridge', 'shared']) await admin('POST', '/credentials', { user, profile: 'generic' });
  await admin('POST', '/devices/tasmota:west/credentials', { user: 'west', profile: 'tasmota' });
  for (const user of ['west', 'bridge']) assert.equal((await engineer('PATCH', own, { user })).status, 403, user);
  assert.equal((await engineer('POST', `${own}/credentials/rotate`, {})).status, 422, 'it has none');

  assert.equal((await admin('PATCH', own, { user: 'shared' })).status, 200);
  assert.equal((await engineer('POST', `${own}/credentials/rotate`, {})).status, 200, 'all its devices are theirs');
  await admin('DELETE', '/devices/tasmota:west/credentials');
  assert.equal((await admin('PATCH', '/devices/tasmota:west', { user: 'shared' })).status, 200);
  assert.equal((await engineer('POST', `${own}/credentials/rotate`, {})).status, 403);
  assert.equal((await engineer('PATCH', own, { user: null })).status, 200);
});

test('an engineer of one area lets devices in that reach their own topics, and none that reach those of other areas', async (t) => {
  const { admin, east, easterner } = await startTwoAreas(t);
  const engineer = await easterner('engineer');
  const own = '/devices/tasmota:east/credentials';
  for (const profile of ['zigbee2mqtt', 'reader', 'wing']) {
    const { status, body } = await engineer('POST', own, { user: 'spy', profile });
    assert.equal(status, 403, profile);
    assert.match(String(body['detail']), /only somebody who is confined to no area lets a device have it/);
  }
  const named = await engineer('POST', own, { user: 'west', profile: 'tasmota' });
  assert.equal(named.status, 403, 'with this name it would be the device of the west');
  await engineer('POST', '/devices', { id: 'west', place: east });
  assert.equal((await engineer('POST', '/devices/west/credentials', { profile: 'tasmota' })).status, 403);
  assert.equal((await engineer('POST', own, { user: 'east', profile: 'nobodys' })).status, 404);
  assert.equal((await engineer('POST', own, { user: 'east', profile: 'tasmota' })).status, 200);
  await engineer('POST', '/devices', { id: 'json:water', place: east });
  assert.equal((await engineer('POST', '/devices/json:water/credentials', { profile: 'meter' })).status, 200);

  // What an administrator let in keeps its password to those who may let it in.
  await engineer('POST', '/devices', { id: 'z2m:bridge', place: east });
  const bridge = '/devices/z2m:bridge/credentials';
  assert.equal((await admin('POST', bridge, { user: 'bridge', profile: 'zigbee2mqtt' })).status, 200);
  assert.equal((await engineer('POST', `${bridge}/rotate`, {})).status, 403);
  assert.equal((await admin('POST', `${bridge}/rotate`, {})).status, 200);
});

test('an engineer of one area replaces a device by their own or a new one, not by one of another area', async (t) => {
  const { admin, east, easterner } = await startTwoAreas(t);
  const engineer = await easterner('engineer');
  const replace = (id: string, by: string) =>
    engineer('POST', `/devices/tasmota:${id}/replace`, { by: `tasmota:${by}` });
  assert.equal((await replace('east', 'west')).status, 403);
  assert.equal((await engineer('GET', '/devices/tasmota:west')).status, 403);
  assert.equal((await admin('GET', '/devices/tasmota:east')).body['lifeCycle'], 'SHADOW');
  assert.equal((await replace('east', 'new')).body['place'], east);
  await engineer('POST', '/devices', { id: 'tasmota:spare', place: east });
  assert.equal((await replace('new', 'spare')).status, 200);
});

test('a program of one area raises alarms of its devices in its places, and changes none that is elsewhere', async (t) => {
  const { admin, east, west, easterner } = await startTwoAreas(t);
  const machine = await easterner('machine');
  const leak = { code: 'LEAK', severity: 'critical', detail: 'Water in the cellar.' };
  const quiet = { code: 'LEAK', severity: 'low', detail: 'Nothing to see.' };
  const ofWest = { subject: 'tasmota:west' };
  const { id } = (await admin('POST', '/alarms', { ...leak, ...ofWest })).body;
  for (const more of [ofWest, { ...ofWest, place: east }, { subject: 'gateway', place: east }])
    assert.equal((await machine('POST', '/alarms', { ...quiet, ...more })).status, 403, JSON.stringify(more));

  const ofEast = { subject: 'tasmota:east' };
  assert.equal((await machine('POST', '/alarms', { ...quiet, ...ofEast, place: west })).status, 403);
  const own = await machine('POST', '/alarms', { ...quiet, ...ofEast, place: east });
  assert.deepEqual([own.status, own.body['place']], [200, east]);
  await admin('POST', '/alarms', { ...leak, ...ofEast, place: west });
  assert.equal((await machine('POST', '/alarms', { ...quiet, ...ofEast })).status, 403, 'by now it is in the west');

  const { severity, detail, place } = (await admin('GET', `/alarms/${String(id)}`)).body;
  assert.deepEqual({ severity, detail, place }, { severity: 'critical', detail: leak.detail, place: west });
});

test('the id of a command to a device of another area is taken, and nothing more is told of it', async (t) => {
  const { admin, easterner } = await startTwoAreas(t);
  const machine = await easterner('machine');
  const command = { id: 'morning', name: 'switch', args: { on: true } };
  assert.equal((await admin('POST', '/commands', { ...command, device: 'tasmota:west' })).status, 202);
  assert.equal((await machine('GET', '/commands/morning')).status, 404);
  const { status, body } = await machine('POST', '/commands', { ...command, device: 'tasmota:east' });
  assert.deepEqual([status, body['code'], body['device'], body['state']], [409, 'CONFLICT', undefined, undefined]);
  assert.doesNotMatch(JSON.stringify(body), /west/);
  const again = await admin('POST', '/commands', { ...command, device: 'tasmota:west' });
  assert.deepEqual([again.status, again.body['device']], [202, 'tasmota:west']);
});
