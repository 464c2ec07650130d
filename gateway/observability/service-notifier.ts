import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const withinMs = 5_000;

/**
 * Says a state to systemd, for example `READY=1`. Node opens no datagram sockets of the kind that systemd listens on,
 * so systemd's own `systemd-notify` says it; the unit needs `NotifyAccess=all`. Rejects when it is missing or fails.
 */
export async function tellServiceManager(socket: string, ...states: readonly string[]): Promise<void> {
  await run('systemd-notify', states, { env: { NOTIFY_SOCKET: socket, PATH: '/usr/bin:/bin' }, timeout: withinMs });
}
