import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readNetworkConfig, readUserData } from '../../../gateway/first-boot/imager-answers.ts';

const hash = '$5$Q1mR2n4xYz$7oWm1GqT2c9jvG6a1nB8h0eLk5sUuYp3dRfXxZzQq1B';
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKqTSd6bqfJ2q0nO3kQ8N1v0N8q7b6mY5c4d3e2f1g0h me@laptop';

/** As Imager 2 writes it (customization_generator.cpp). */
const imager = `#cloud-config
manage_resolv_conf: false
hostname: cellar
manage_etc_hosts: true
packages:
- avahi-daemon
apt:
  preserve_sources_list: true
  conf: |
    Acquire {
      Check-Date "false";
    };
timezone: Europe/Berlin
keyboard:
  model: pc105
  layout: "de"
users:
- name: ada
  groups: users,adm,dialout,sudo
  shell: /bin/bash
  lock_passwd: false
  passwd: "${hash}"
  ssh_authorized_keys:
    - ${key}
  sudo: ALL=(ALL) NOPASSWD:ALL
enable_ssh: true
ssh_pwauth: false
`;
const wifi = `network:
  version: 2
  ethernets:
    eth0:
      dhcp4: true
      optional: true
  wifis:
    wlan0:
      dhcp4: true
      regulatory-domain: "DE"
      access-points:
        "Caf\\x07\\"e":
          hidden: true
          password: "${'0123456789abcdef'.repeat(4)}"
      optional: true
`;

test('what Imager writes is read: name, time zone, user, keys, SSH; what it asks cloud-init to install is left aside', () => {
  assert.deepEqual(readUserData(imager), {
    hostname: 'cellar',
    timezone: 'Europe/Berlin',
    user: {
      name: 'ada',
      passwordHash: hash,
      groups: ['users', 'adm', 'dialout', 'sudo'],
      keys: [key],
      isTrusted: true,
    },
    ssh: { on: true, passwords: false },
  });
});

test('a wireless network is read with its country; a name of any bytes stays that name', () => {
  assert.deepEqual(readNetworkConfig(wifi), {
    interface: 'wlan0',
    country: 'DE',
    networks: [{ ssid: 'Caf\u0007"e', hidden: true, password: '0123456789abcdef'.repeat(4) }],
  });
});

test('older files without the key network, an open network, a host name of digits, and no file at all are understood', () => {
  const older = 'version: 2\nwifis:\n  wlan0:\n    access-points:\n      guests: {}\n';
  assert.deepEqual(readNetworkConfig(older)?.networks, [{ ssid: 'guests', hidden: false, password: undefined }]);
  assert.equal(readUserData('hostname: 1234\n').hostname, '1234');
  assert.deepEqual(readUserData('').ssh, { on: false, passwords: false });
  assert.equal(readNetworkConfig(''), undefined);
});

for (const [what, text, place] of [
  ['a host name with a command in it', 'hostname: "a; reboot"', 'hostname'],
  ['a user name that is an option', 'users: [{ name: "--root=/" }]', 'users.0'],
  ['a password that is not hashed', 'users: [{ name: ada, passwd: "secret phrase" }]', 'users.0'],
  ['a key of two lines', `users: [{ name: ada, ssh_authorized_keys: ["a\\nb"] }]`, 'users.0'],
  ['a time zone that climbs', 'timezone: ../../etc/passwd', 'timezone'],
] as const)
  test(`${what} is refused by its place, and its value is not repeated`, () => {
    assert.throws(() => readUserData(text), {
      code: 'CONFIG_INVALID',
      message: new RegExp(`${place}.* is not understood`),
    });
    assert.throws(
      () => readUserData(text),
      (error: Error) => !/reboot|secret phrase|etc/.test(error.message),
    );
  });

test('what is not YAML, too long, or blows itself up is refused', () => {
  assert.throws(() => readUserData('a: [b'), /is not YAML/);
  assert.throws(() => readUserData(`# ${'x'.repeat(70_000)}`), /longer than/);
  assert.throws(() => readUserData('a: &a [x]\nb: *a\n'), /is not YAML/);
  const short = 'network: { wifis: { wlan0: { access-points: { home: { password: "short" } } } } }';
  assert.throws(() => readNetworkConfig(short), { code: 'CONFIG_INVALID' });
});
