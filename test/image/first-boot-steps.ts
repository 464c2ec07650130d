import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { pbkdf2Sync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { waitUntil } from '../harness/wait-until.ts';
import { patienceMs, type Board } from './board.ts';

const ssid = 'A "quiet" house';
const phrase = 'a phrase of the house';

/** What Raspberry Pi Imager leaves on the boot partition for a user with a key, SSH and Wi-Fi. */
export interface Imagered {
  readonly files: Readonly<Record<string, string>>;
  readonly privateKey: string;
}

export function imagersFiles(t: TestContext, hostname?: string): Imagered {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-key-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const privateKey = join(folder, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', privateKey]);
  const psk = pbkdf2Sync(phrase, ssid, 4096, 32, 'sha1').toString('hex');
  const userData = `#cloud-config
manage_resolv_conf: false
${hostname === undefined ? '' : `hostname: ${hostname}\nmanage_etc_hosts: true`}
timezone: Europe/Berlin
users:
- name: ada
  groups: users,adm,dialout,audio,netdev,video,plugdev,cdrom,games,input,gpio,spi,i2c,render,sudo
  shell: /bin/bash
  lock_passwd: true
  ssh_authorized_keys:
    - ${readFileSync(`${privateKey}.pub`, 'utf8').trim()}
  sudo: ALL=(ALL) NOPASSWD:ALL
enable_ssh: true
ssh_pwauth: false
`;
  const networkConfig = `network:
  version: 2
  ethernets:
    eth0: { dhcp4: true, dhcp6: true, optional: true }
  wifis:
    wlan0:
      dhcp4: true
      regulatory-domain: "DE"
      access-points:
        "${ssid.replaceAll('"', String.raw`\"`)}":
          password: "${psk}"
      optional: true
`;
  return { files: { 'user-data': userData, 'network-config': networkConfig }, privateKey };
}

/** The user of the card logs in by key, not by password, and may become root; nobody else may log in. */
export async function logsIn({ sshPort, run }: Board, privateKey: string): Promise<void> {
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'BatchMode=yes'];
  const login = async (user: string, command: string, ...rest: string[]) => {
    const args = ['-p', `${sshPort}`, '-i', privateKey, ...options.flatMap((option) => ['-o', option]), ...rest];
    // Never in a way that blocks: the board's cloud is in this process.
    const ssh = spawn('ssh', [...args, `${user}@127.0.0.1`, command], { timeout: patienceMs });
    const ended = once(ssh, 'close') as Promise<[number | null]>;
    const [stdout, stderr] = await Promise.all([text(ssh.stdout), text(ssh.stderr)]);
    return { status: (await ended)[0], stdout, stderr };
  };
  await waitUntil(
    'SSH to be started',
    async () => (await run('systemctl is-active ssh || true')) === 'active',
    patienceMs,
  );
  const { stdout, stderr } = await login('ada', 'id -nG; sudo -n id -un; date +%Z');
  const [groups = '', root, zone = ''] = stdout.split('\n');
  for (const group of ['ada', 'sudo', 'dialout', 'gpio']) assert.ok(groups.split(' ').includes(group), groups + stderr);
  assert.equal(root, 'root');
  assert.match(zone, /^CES?T$/);
  assert.notEqual((await login('root', 'id')).status, 0);
  assert.match((await login('ada', 'id', '-o', 'PubkeyAuthentication=no')).stderr, /Permission denied \(publickey\)/);
}

/** With radios that the kernel simulates: one is the house's access point, the other is the board's. */
export async function joinsWifi({ run }: Board): Promise<void> {
  await run(`cat >/tmp/ap.conf <<'END'
network={
  ssid="${ssid}"
  mode=2
  frequency=2412
  key_mgmt=WPA-PSK
  proto=RSN
  pairwise=CCMP
  psk="${phrase}"
}
END
wpa_supplicant -B -i wlan1 -c /tmp/ap.conf`);
  const joined = async (): Promise<boolean> => (await run('cat /sys/class/net/wlan0/carrier || true')).trim() === '1';
  await waitUntil('the board to join the Wi-Fi of its card', joined, patienceMs).catch(async (error: Error) => {
    throw new Error(`${error.message}\n${await run('journalctl -b -u wpa_supplicant@wlan0 | tail -30')}`, {
      cause: error,
    });
  });
}

/** Asks by multicast each second: for what it is told until somebody answers, else for the board's name for ever. Prints the answers. */
const asker = `const { hostname } = require('node:os');
const [type, question] = process.argv.slice(2);
const group = '224.0.0.251';
const head = Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
const tail = Buffer.from([0, 0, Number(type), 0, 1]);
const labels = () => (question ?? hostname() + '.local').split('.');
const name = () => Buffer.concat(labels().map((label) => Buffer.from(String.fromCharCode(label.length) + label)));
const socket = require('node:dgram').createSocket({ type: 'udp4', reuseAddr: true });
socket.on('message', (bytes) => {
  if (bytes.readUInt16BE(2) < 0x8000 || bytes.readUInt16BE(6) === 0) return;
  if (!bytes.includes(name())) return;
  console.log('answered ' + bytes.toString('latin1').replace(/[^ -~]/g, '.'));
  if (question !== undefined) process.exit(0);
});
socket.bind(5353, () => {
  socket.addMembership(group, '169.254.77.1');
  socket.setMulticastInterface('169.254.77.1');
  setInterval(() => socket.send(Buffer.concat([head, name(), tail]), 5353, group), 1000);
});`;

const phoneUnit = `[Unit]
DefaultDependencies=no
RequiresMountsFor=/boot/firmware
ConditionPathExists=!/var/lib/portcullis-image/first-boot-done
[Service]
ExecStart=/bin/sh /boot/firmware/phone.sh
`;

/**
 * A machine of its own in the house, which a network namespace stands in for: through the whole first boot it asks for the board's
 * name, as a person with a phone does who cannot wait. Files of the card, and words for the board's kernel.
 */
export const phone = {
  files: {
    'ask.cjs': asker,
    'phone.sh': `modprobe veth
ip netns add phone
ip link add house type veth peer name phone0 netns phone
ip link set house up
ip -n phone link set lo up
ip -n phone addr add 169.254.77.1/16 dev phone0
ip -n phone link set phone0 up
exec ip netns exec phone /usr/lib/portcullis/runtime/node /boot/firmware/ask.cjs 1
`,
  },
  kernel: `systemd.wants=phone.service systemd.set_credential_binary=systemd.extra-unit.phone.service:${Buffer.from(phoneUnit).toString('base64')}`,
};

/** Still, after the phone's questions, and with its service. */
export async function answersToItsName({ run }: Board, name: string): Promise<void> {
  await run('systemctl stop phone');
  const ask = async (type: number, question: string): Promise<string> => {
    const node = '/usr/lib/portcullis/runtime/node';
    const asking = `ip netns exec phone ${node} /boot/firmware/ask.cjs ${type} ${question}`;
    const answer = await run(`timeout 300 ${asking} || true`);
    return answer === '' ? run('ip address; resolvectl; journalctl -b -u systemd-resolved | tail -200') : answer;
  };
  assert.match(await ask(1, `${name}.local`), /answered/);
  assert.match(await ask(12, '_http._tcp.local'), new RegExp(name));
  assert.match(await ask(16, `${name}._http._tcp.local`), /product=portcullis/);
}

/** The keyboard's LED takes the place of the board's, which QEMU's machine does not have; the kernel's triggers are the real ones. */
export async function givesItAnLed({ run }: Board): Promise<void> {
  await run(`led=$(readlink -f /sys/class/leds/*::capslock | head -n 1)
mount -t tmpfs tmpfs /sys/class/leds
ln -s "$led" /sys/class/leds/ACT
/usr/lib/portcullis-image/led ready`);
}

/** What the LED does: `timer 1000 1000`, or `none` and its brightness. */
export const ledState = ({ run }: Board): Promise<string> =>
  run(`cd /sys/class/leds/ACT
trigger=$(sed 's/.*\\[\\(.*\\)\\].*/\\1/' trigger)
echo $trigger $(if [ "$trigger" = timer ]; then cat delay_on delay_off; else cat brightness; fi)`);

/** As docs/install.md says, for the next owner. Gives back the claim code, which the card and the screen have too. */
export async function handsOn({ run }: Board): Promise<string> {
  await run('systemctl stop portcullis');
  const said = await run('portcullis factory-reset --config /etc/portcullis/portcullis.yaml --yes --json');
  const { claimCode } = JSON.parse(said) as { claimCode: string };
  assert.equal(await run('cat /boot/firmware/claim-code.txt'), claimCode);
  assert.match(await run('cat /etc/issue.d/portcullis.issue'), new RegExp(claimCode));
  await run('systemctl start portcullis');
  return claimCode;
}
