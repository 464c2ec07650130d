import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { cli } from '../harness/cli.ts';
import { startDaemon } from '../harness/daemon.ts';

const run = promisify(execFile);

interface Failed {
  readonly code: number;
  readonly stderr: string;
}

test('the command line keeps the registry: places, a site on one page, devices in bulk and one by one', async (t) => {
  const daemon = await startDaemon(t);
  const config = join(daemon.dataDir, '../portcullis.yaml');
  const say = async (...args: string[]): Promise<string> =>
    (await run(process.execPath, [cli, ...args, '--config', config])).stdout;
  const fail = (...args: string[]): Promise<Failed> =>
    say(...args).then(
      (said) => assert.fail(`it succeeded: ${said}`),
      (error: Failed) => error,
    );
  const file = (name: string, text: string): string => {
    const path = join(daemon.dataDir, name);
    writeFileSync(path, text);
    return path;
  };

  for (const empty of ['device', 'place', 'group', 'alarm', 'contact', 'account', 'token']) {
    assert.equal(await say(empty, 'list'), 'There is none.\n');
  }
  assert.equal(await say('alarm', 'list', '--json'), '[]\n');
  assert.equal(await say('rules', 'flag', 'nope'), 'There is none.\n');
  assert.equal(await say('place', 'add', 'Mill/Ground/East/Kitchen'), '4 places added.\n');
  const template = file(
    'site.yaml',
    `buildings:
  - { name: Mill, floors: [{ name: Ground, areas: [{ name: East, rooms: [Kitchen, Hall] }] }] }
groups:
  - { name: Facility, members: [Ann], areas: [Mill/Ground/East] }
`,
  );
  assert.match(await say('place', 'apply', template), /^1 place\t1 group\t0 devices new/);
  assert.match(await say('group', 'list'), /^Facility\tAnn\tMill\/Ground\/East\n$/);
  assert.match(await say('group', 'edit', 'Facility', '--member', 'Ann', 'Bob'), /^Facility is changed/);
  assert.match(await say('group', 'list'), /^Facility\tAnn, Bob\tMill\/Ground\/East\n$/);

  const csv = file('devices.csv', 'id,name,place,tags\nd1,Lamp,Mill/Ground/East/Hall,light\nd2,Meter,,\n');
  assert.match(await say('device', 'import', csv), /^2 new/);
  assert.equal(await say('device', 'list', '--place', 'Mill'), 'd1\tSHADOW\tLamp\tMill/Ground/East/Hall\n');
  assert.match(await say('device', 'move', 'd2', 'Mill/Ground'), /d2\tSHADOW\tMeter\tMill\/Ground/);
  assert.match(await say('device', 'replace', 'd2', 'd3'), /^d3\tSHADOW\tMeter\tMill\/Ground/);
  assert.match(await say('device', 'decommission', 'd1'), /DECOMMISSIONED/);
  assert.equal(await say('device', 'remove', 'd1', '--data'), 'd1 is removed.\n');
  const listed = JSON.parse(await say('device', 'list', '--json')) as { devices: { id: string }[] };
  assert.deepEqual(
    listed.devices.map(({ id }) => id),
    ['d2', 'd3'],
  );
  assert.match(await say('device', 'export', '--life-cycle', 'SHADOW'), /\nd3,Meter,,Mill\/Ground,,SHADOW,\n$/);

  const zigbee = file('configuration.yaml', "devices:\n  '0x00158d0001d82999': { friendly_name: attic }\n");
  assert.equal(await say('import', 'zigbee2mqtt', zigbee, '--dry-run'), 'z2m:0x00158d0001d82999\tnew\tattic\n');
  assert.match(await say('import', 'zigbee2mqtt', zigbee, '--json'), /"created":1/);
  const [passwords, acl] = [file('passwords', 'plug:plain\n'), file('acl', 'user plug\ntopic read house/#\n')];
  assert.match(await say('import', 'mosquitto', passwords, '--acl', acl), /^plug\tnew password: [\w-]{24}\nnote:\t/);

  assert.match(await say('audit-log', '--limit', '1'), /\tcredential\.manage\tPOST \/api\/v1\/takeover\/mosquitto\t/);
  const unknown = await fail('device', 'show', 'nobody');
  assert.deepEqual([unknown.code, unknown.stderr], [1, 'portcullis: There is no device "nobody".\n']);
  const misplaced = await fail('place', 'move', 'Mill/Ground/East/Kitchen', 'Mill');
  assert.equal(misplaced.stderr, 'portcullis: "Mill" is a building, and a room stands in an area.\n');
  const full = await fail('place', 'remove', 'Mill');
  assert.equal(full.code, 1);
  assert.match(full.stderr, /holds 4 places and 2 devices/);
  const broken = await fail('device', 'import', file('broken.csv', 'id,place\nx,Nowhere\n'));
  assert.equal(broken.code, 64);
  assert.match(broken.stderr, /Nothing was changed\.\nline 2: there is no place "Nowhere"/);
});
