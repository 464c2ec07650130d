import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { settle } from '../../../gateway/first-boot/settle.ts';

/** A folder that looks like a board, and a list of the programs that were run. */
function board(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'portcullis-settle-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const folder of ['etc', 'usr/share/zoneinfo/Europe', 'home']) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nportcullis:x:999:999::/:/bin/false\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nsudo:x:27:\ndialout:x:20:\n');
  writeFileSync(join(root, 'usr/share/zoneinfo/Europe/Berlin'), '');
  const ran: string[] = [];
  const run = async (program: string, args: readonly string[]): Promise<void> => {
    ran.push([program, ...args].join(' '));
  };
  return { root, run, ran, read: (path: string) => readFileSync(join(root, path), 'utf8') };
}

const ada = { name: 'ada', passwordHash: '$6$a$b', groups: ['sudo', 'spi'], keys: ['ssh-ed25519 A'], isTrusted: true };
const noSsh = { on: false, passwords: false };

test('a user gets password, keys and those groups that the board has; SSH is opened for keys alone', async (t) => {
  const { root, run, ran, read } = board(t);
  await settle({ root, run }, { user: ada, ssh: { on: true, passwords: false }, timezone: 'Europe/Berlin' });
  assert.deepEqual(ran.slice(0, 3), [
    'useradd --create-home --shell /bin/bash ada',
    'usermod --append --groups sudo ada',
    'usermod --password $6$a$b ada',
  ]);
  assert.deepEqual(ran.slice(-3), [
    'ssh-keygen -A',
    'systemctl enable ssh.service',
    'systemctl start --no-block ssh.service',
  ]);
  assert.equal(read('home/ada/.ssh/authorized_keys'), 'ssh-ed25519 A\n');
  assert.equal(statSync(join(root, 'home/ada/.ssh')).mode & 0o777, 0o700);
  assert.match(read('etc/sudoers.d/50-imager'), /^ada ALL=\(ALL\) NOPASSWD:ALL$/m);
  assert.match(read('etc/ssh/sshd_config.d/50-imager.conf'), /^PasswordAuthentication no$/m);
  assert.equal(readlinkSync(join(root, 'etc/localtime')), '/usr/share/zoneinfo/Europe/Berlin');
});

test('without answers nothing is opened', async (t) => {
  const { root, run, ran } = board(t);
  await settle({ root, run }, { ssh: noSsh });
  assert.deepEqual(ran, []);
});

test('a second first boot after a power cut does not stumble over what is there', async (t) => {
  const { root, run, ran } = board(t);
  const answers = { user: ada, ssh: noSsh, timezone: 'Europe/Berlin' };
  await settle({ root, run }, answers);
  writeFileSync(join(root, 'etc/passwd'), 'ada:x:1000:1000::/home/ada:/bin/bash\n');
  ran.length = 0;
  await settle({ root, run }, answers);
  assert.ok(!ran.some((line) => line.startsWith('useradd')));
});

test('a user of the system is not taken over', async (t) => {
  const { root, run, ran } = board(t);
  for (const name of ['root', 'portcullis'])
    await assert.rejects(settle({ root, run }, { user: { ...ada, name }, ssh: noSsh }), { code: 'NOT_ALLOWED' });
  assert.deepEqual(ran, []);
});

test('wireless networks are written so that no character of theirs means anything', async (t) => {
  const { root, run, read } = board(t);
  const networks = [
    { ssid: 'a"\n}', hidden: true, password: 'with "quotes"' },
    { ssid: 'key', hidden: false, password: 'ab'.repeat(32) },
    { ssid: 'open', hidden: false, password: undefined },
  ];
  await settle({ root, run }, { ssh: noSsh, wifi: { interface: 'wlan0', country: 'DE', networks } });
  const file = 'etc/wpa_supplicant/wpa_supplicant-wlan0.conf';
  assert.equal(statSync(join(root, file)).mode & 0o777, 0o600);
  const [head = '', first = '', second = '', third = ''] = read(file).split('network=');
  assert.match(head, /^country=DE$/m);
  assert.match(first, /^ {2}ssid=61220a7d\n {2}scan_ssid=1\n {2}key_mgmt=.*SAE\n {2}psk="with "quotes""$/m);
  assert.match(second, new RegExp(`key_mgmt=WPA-PSK WPA-PSK-SHA256\\n {2}psk=${'ab'.repeat(32)}$`, 'm'));
  assert.match(third, /key_mgmt=NONE\n}/);
});

test('Wi-Fi is wanted by its radio: the boot does not wait for one that is not there', async (t) => {
  const { root, run, ran } = board(t);
  const answers = { ssh: noSsh, wifi: { interface: 'wlan0', networks: [] } };
  const wants = 'etc/systemd/system/sys-subsystem-net-devices-wlan0.device.wants/wpa_supplicant@wlan0.service';
  await settle({ root, run }, answers);
  assert.equal(readlinkSync(join(root, wants)), '/usr/lib/systemd/system/wpa_supplicant@.service');
  assert.deepEqual(ran, ['systemctl daemon-reload']);
  mkdirSync(join(root, 'sys/class/net/wlan0'), { recursive: true });
  await settle({ root, run }, answers);
  assert.equal(ran.at(-1), 'systemctl start --no-block wpa_supplicant@wlan0.service');
});
