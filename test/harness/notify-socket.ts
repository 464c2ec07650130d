import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { waitUntil } from './wait-until.ts';
import { cannotRun } from './cannot-run.ts';
import type { Ends } from './ends.ts';

/** Prints each datagram on a line. Perl is on every Debian; Node has no datagram sockets of this kind. */
const receiver = `use Socket; socket(S, AF_UNIX, SOCK_DGRAM, 0) or die; bind(S, sockaddr_un($ARGV[0])) or die;
$| = 1; print "bound\\n"; while (defined recv(S, my $m, 4096, 0)) { print "$m\\n"; }`;

export interface NotifySocket {
  readonly path: string;
  heard(): readonly string[];
}

/** Why nobody can listen as systemd does; undefined when its tools are installed. */
export function cannotListen(): string | undefined {
  const missing = ['systemd-notify', 'perl'].filter((tool) => spawnSync(tool, ['--version']).status !== 0);
  return missing.length > 0 ? `needs ${missing.join(' and ')}` : undefined;
}

/** What systemd would listen on; undefined, with the test skipped in words, where its tools are not installed. */
export async function openNotifySocket(t: TestContext): Promise<NotifySocket | undefined> {
  return cannotRun(t, cannotListen()) ? undefined : listenAsSystemd(t);
}

export async function listenAsSystemd(t: Ends): Promise<NotifySocket> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-notify-'));
  const path = join(folder, 'notify');
  const child = spawn('perl', ['-e', receiver, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()));
  t.after(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  await waitUntil('the notify socket', () => text.includes('bound'));
  return { path, heard: () => text.split('\n').filter((line) => line !== '' && line !== 'bound') };
}
