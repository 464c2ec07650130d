import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { PortcullisError } from '../../contracts/errors.ts';
import { atomicWrite } from '../lib/atomic-write.ts';
import type { Account, Answers, Wifi } from './imager-answers.ts';

/** The board that is settled: where its files are, and how its programs run. */
export interface Board {
  /** `/` on a board. */
  readonly root: string;
  readonly run: (program: string, args: readonly string[]) => Promise<unknown>;
}

const exec = promisify(execFile);
export const thisBoard: Board = { root: '/', run: (program, args) => exec(program, args) };

/** Users below it belong to the system. */
const firstPerson = 1_000;

/**
 * Makes the board what Imager's answers say, but for its name. Each step can be done again. Throws NOT_ALLOWED for a user that the
 * system has for itself.
 */
export async function settle(board: Board, { timezone, user, ssh, wifi }: Omit<Answers, 'hostname'>): Promise<void> {
  if (timezone !== undefined) await setTimezone(board, timezone);
  if (user !== undefined) await makeUser(board, user);
  if (ssh.on) await openSsh(board, ssh.passwords);
  if (wifi !== undefined) await joinWifi(board, wifi);
}

async function setTimezone({ root }: Board, timezone: string): Promise<void> {
  const zone = join('/usr/share/zoneinfo', timezone);
  await access(join(root, zone));
  const link = join(root, 'etc/localtime');
  await rm(link, { force: true });
  await symlink(zone, link);
}

async function makeUser({ root, run }: Board, { name, passwordHash, groups, keys, isTrusted }: Account): Promise<void> {
  const known = await readFile(join(root, 'etc/passwd'), 'utf8');
  const uid = new RegExp(`^${name}:[^:]*:(\\d+):`, 'm').exec(known)?.[1];
  if (uid !== undefined && Number(uid) < firstPerson)
    throw new PortcullisError('NOT_ALLOWED', `${name} is a user of the system. Choose another name in Imager.`);
  if (uid === undefined) await run('useradd', ['--create-home', '--shell', '/bin/bash', name]);
  const there = await readFile(join(root, 'etc/group'), 'utf8');
  const joined = groups.filter((group) => there.split('\n').some((line) => line.startsWith(`${group}:`)));
  if (joined.length > 0) await run('usermod', ['--append', '--groups', joined.join(','), name]);
  if (passwordHash !== undefined) await run('usermod', ['--password', passwordHash, name]);
  if (keys.length > 0) {
    const folder = join(root, 'home', name, '.ssh');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await atomicWrite(join(folder, 'authorized_keys'), `${keys.join('\n')}\n`);
    await run('chown', ['--recursive', `${name}:${name}`, folder]);
  }
  if (isTrusted)
    await write(root, 'etc/sudoers.d/50-imager', { text: `${name} ALL=(ALL) NOPASSWD:ALL\n`, mode: 0o440 });
}

async function openSsh({ root, run }: Board, passwords: boolean): Promise<void> {
  const text = `PasswordAuthentication ${passwords ? 'yes' : 'no'}\nPermitRootLogin no\n`;
  await write(root, 'etc/ssh/sshd_config.d/50-imager.conf', { text, mode: 0o644 });
  await run('ssh-keygen', ['-A']);
  await startAtBoot(run, 'ssh.service');
}

async function joinWifi({ root, run }: Board, wifi: Wifi): Promise<void> {
  const file = `etc/wpa_supplicant/wpa_supplicant-${wifi.interface}.conf`;
  await write(root, file, { text: supplicantConfig(wifi), mode: 0o600 });
  await startWithRadio({ root, run }, wifi.interface);
}

/** Wanted by the radio itself, whenever it comes: a boot that wanted the unit would wait for a radio that is not there. */
async function startWithRadio({ root, run }: Board, radio: string): Promise<void> {
  const unit = `wpa_supplicant@${radio}.service`;
  const wants = join(root, `etc/systemd/system/sys-subsystem-net-devices-${radio}.device.wants`);
  await mkdir(wants, { recursive: true });
  await rm(join(wants, unit), { force: true });
  await symlink('/usr/lib/systemd/system/wpa_supplicant@.service', join(wants, unit));
  await run('systemctl', ['daemon-reload']);
  // One that came before that was not told.
  if (existsSync(join(root, 'sys/class/net', radio))) await run('systemctl', ['start', '--no-block', unit]);
}

/** wpa_supplicant's own words; names and keys in hexadecimal, so that no character of theirs means anything. */
function supplicantConfig({ country, networks }: Wifi): string {
  const network = ({ ssid, hidden, password }: Wifi['networks'][number]): string => {
    const isKey = password !== undefined && /^[0-9a-fA-F]{64}$/.test(password);
    const way = password === undefined ? 'NONE' : isKey ? 'WPA-PSK WPA-PSK-SHA256' : 'WPA-PSK WPA-PSK-SHA256 SAE';
    const lines = [
      `ssid=${Buffer.from(ssid).toString('hex')}`,
      ...(hidden ? ['scan_ssid=1'] : []),
      `key_mgmt=${way}`,
      ...(password === undefined ? [] : [`psk=${isKey ? password : `"${password}"`}`, 'ieee80211w=1']),
    ];
    return `network={\n${lines.map((text) => `  ${text}\n`).join('')}}\n`;
  };
  const head = ['ctrl_interface=DIR=/run/wpa_supplicant GROUP=netdev', ...(country ? [`country=${country}`] : [])];
  return `${head.join('\n')}\n${networks.map(network).join('')}`;
}

/** The boot is under way: the unit is enabled for the next ones and queued for this. */
async function startAtBoot(run: Board['run'], unit: string): Promise<void> {
  await run('systemctl', ['enable', unit]);
  await run('systemctl', ['start', '--no-block', unit]);
}

async function write(root: string, path: string, { text, mode }: { text: string; mode: number }): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await atomicWrite(join(root, path), text, mode);
}
