import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parseConfig } from '../../gateway/config/parse-config.ts';
import { cannotRun } from '../harness/cannot-run.ts';

const units = join(import.meta.dirname, '../../systemd');
/** `systemd-analyze security` counts in tenths: an exposure of 2.0. */
const threshold = 20;

function withSystemd(t: TestContext): boolean {
  const isThere = spawnSync('systemd-analyze', ['--version']).status === 0;
  return !cannotRun(t, isThere ? undefined : 'needs systemd-analyze: apt-get install systemd');
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'portcullis-units-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** What systemd has against a unit; its program is one that is there, or that alone would be the complaint. */
function complaints(t: TestContext, text: string, name = 'portcullis'): string {
  const beside = folder(t);
  const file = join(beside, `${name}.service`);
  // Units that name the gateway's want it to be there.
  for (const [path, unit] of [[join(beside, 'portcullis.service'), service] as const, [file, text] as const])
    writeFileSync(path, unit.replace(/^ExecStart=\S+/m, 'ExecStart=/usr/bin/env'));
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
  return status === 0 ? stderr : `exit ${status}: ${stderr}`;
}

const service = readFileSync(join(units, 'portcullis.service'), 'utf8');

test('systemd understands every line of the unit, and would say if not', (t) => {
  if (!withSystemd(t)) return;
  assert.equal(complaints(t, service), '');
  assert.match(complaints(t, service.replace('ProtectHome', 'ProtectHouse')), /Unknown key 'ProtectHouse'/);
});

test("systemd understands the unit of Node-RED, which is open to less than the gateway's", (t) => {
  if (!withSystemd(t)) return;
  const flows = readFileSync(join(units, 'portcullis-flows.service'), 'utf8');
  assert.equal(complaints(t, flows, 'portcullis-flows'), '');
  const file = join(folder(t), 'portcullis-flows.service');
  writeFileSync(file, flows);
  const { status } = spawnSync('systemd-analyze', ['security', '--offline=true', `--threshold=${threshold}`, file]);
  assert.equal(status, 0);
});

for (const name of ['portcullis-first-boot', 'portcullis-judge', 'portcullis-led', 'portcullis-update'])
  test(`systemd understands every line of ${name}.service`, (t) => {
    if (!withSystemd(t)) return;
    assert.equal(complaints(t, readFileSync(join(units, 'image', `${name}.service`), 'utf8'), name), '');
  });

test("what the image is set to is understood, and Node-RED is awaited where the gateway's unit may write and its own looks", () => {
  const { flows } = parseConfig(readFileSync(join(units, 'image/portcullis.yaml'), 'utf8'), 'portcullis.yaml');
  assert.deepEqual([flows.enabled, flows.process], [true, 'service']);
  assert.match(service, new RegExp(`^ReadWritePaths=-${flows.folder}$`, 'm'));
  const path = readFileSync(join(units, 'portcullis-flows.path'), 'utf8');
  assert.match(path, new RegExp(`^PathExists=${flows.folder}/gateway.sock$`, 'm'));
});

for (const script of ['claim-code', 'first-boot', 'guard', 'judge', 'led'])
  test(`the shell can read all of ${script}`, () => {
    const { status, stderr } = spawnSync('sh', ['-n', join(units, 'image', script)], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });

test('the LED blinks while the board works, more slowly until it is claimed, and shines after that', (t) => {
  const leds = folder(t);
  const act = join(leds, 'ACT');
  mkdirSync(act);
  for (const [file, text] of Object.entries({ trigger: 'none', brightness: '0', max_brightness: '255' }))
    writeFileSync(join(act, file), text);
  const show = (state: string): string[] => {
    execFileSync(join(units, 'image/led'), [state, leds, join(leds, 'claimed')]);
    return ['trigger', 'delay_on', 'delay_off'].map((file) => readFileSync(join(act, file), 'utf8').trim());
  };
  assert.deepEqual(show('working'), ['timer', '100', '100']);
  assert.deepEqual(show('ready'), ['timer', '1000', '1000']);
  assert.deepEqual(show('down'), ['timer', '50', '1950']);
  writeFileSync(join(leds, 'claimed'), '');
  assert.equal(show('ready')[0], 'none');
  assert.equal(readFileSync(join(act, 'brightness'), 'utf8'), '255');
  assert.equal(spawnSync(join(units, 'image/led'), ['ready', join(leds, 'no-such-folder')]).status, 0);
});

test('the exposure of the gateway is at most 2.0, and would be more without the sandbox', (t) => {
  if (!withSystemd(t)) return;
  const exposure = (text: string): number | null => {
    const file = join(folder(t), 'portcullis.service');
    writeFileSync(file, text);
    return spawnSync('systemd-analyze', ['security', '--offline=true', `--threshold=${threshold}`, file]).status;
  };
  assert.equal(exposure(service), 0);
  assert.notEqual(exposure(service.replaceAll(/^(Protect|SystemCallFilter).*$/gm, '')), 0);
});

test('users, groups and folders come as the unit needs them', (t) => {
  if (!withSystemd(t)) return;
  const root = folder(t);
  mkdirSync(join(root, 'etc'));
  for (const kind of ['sysusers', 'tmpfiles']) {
    mkdirSync(join(root, `usr/lib/${kind}.d`), { recursive: true });
    cpSync(join(units, `portcullis.${kind}.conf`), join(root, `usr/lib/${kind}.d/portcullis.conf`));
  }
  execFileSync('systemd-sysusers', [`--root=${root}`], { stdio: 'pipe' });
  const [user, ...groups] = ['User', 'SupplementaryGroups'].flatMap((key) =>
    (new RegExp(`^${key}=(.*)$`, 'm').exec(service)?.[1] ?? '').split(' '),
  );
  assert.match(readFileSync(join(root, 'etc/passwd'), 'utf8'), new RegExp(`^${user}:`, 'm'));
  const known = readFileSync(join(root, 'etc/group'), 'utf8');
  for (const group of groups) assert.match(known, new RegExp(`^${group}:.*${user}`, 'm'));
});
