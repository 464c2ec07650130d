import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A root file system whose systemd is the first process of namespaces of its own; it shares this machine's network. */
export interface SystemdGuest extends AsyncDisposable {
  /** Runs a program inside; resolves with what it printed, rejects where it ends badly. */
  run(...command: string[]): Promise<string>;
}

/**
 * Folders, not this machine's, as systemd wants them: it manages a control group below its own and nothing else, finds no
 * device but the harmless ones, and may not write to the kernel's files.
 */
const enter = `set -e
cd "$0"
mount --make-rprivate /
mount --bind . .
cd "$0"
mount --make-shared .
for place in run tmp dev; do mount -t tmpfs none $place; done
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
for node in null zero full random urandom tty; do touch dev/$node; mount --bind /dev/$node dev/$node; done
mkdir dev/pts dev/shm
for bind in $2; do mount --bind "\${bind%%:*}" "$0\${bind#*:}"; done
mount -t cgroup2 none "$1"
mkdir "$1/\${1##*/}"
echo $$ >"$1/\${1##*/}/cgroup.procs"
exec unshare --cgroup /bin/sh -c 'mount -t cgroup2 none sys/fs/cgroup && exec chroot . /usr/bin/env -i container=test \\
  PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/lib/systemd/systemd "--unit=$0" --log-target=console --show-status=0' "$3"`;

/** The groups that systemd left, from the innermost. */
const leave = 'mount -t cgroup2 none "$0" && find "$0/${0##*/}" -depth -type d -exec rmdir {} +';

export interface GuestOptions {
  /** The unit that is started, with what it wants. */
  readonly unit: string;
  /** Folders of this machine to folders of the guest, which exist there. */
  readonly binds: Readonly<Record<string, string>>;
}

/** Starts systemd in a root file system; disposing ends it with all that it started. Needs root. */
export function startSystemd(root: string, { unit, binds }: GuestOptions): SystemdGuest {
  const groups = mkdtempSync(join(tmpdir(), 'portcullis-groups-'));
  writeFileSync(join(root, 'etc/machine-id'), '0123456789abcdef0123456789abcdef\n');
  const bound = Object.entries(binds).map(([from, to]) => `${from}:${to}`);
  const namespaces = ['--mount', '--pid', '--uts', '--ipc', '--fork', '--kill-child'];
  const machine = spawn('unshare', [...namespaces, '/bin/sh', '-c', enter, root, groups, bound.join(' '), unit], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [machine.stdout, machine.stderr])
    stream.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-8_000)));
  const ended = once(machine, 'exit');
  const first = (): string => readFileSync(`/proc/${machine.pid}/task/${machine.pid}/children`, 'utf8').trim();
  return {
    run: async (...command) => {
      const how = ['--target', first(), '--mount', '--pid', '--ipc', '--root', '--wd', ...command];
      const ran = promisify(execFile)('nsenter', how).catch((error: Error) => {
        throw new Error(`${error.message}\n${said}`, { cause: error });
      });
      return (await ran).stdout.trim();
    },
    [Symbol.asyncDispose]: async () => {
      // When the first process of a namespace is gone, so are all others.
      if (machine.exitCode === null) process.kill(Number(first()), 'SIGKILL');
      await ended;
      await promisify(execFile)('unshare', ['--mount', '/bin/sh', '-c', leave, groups]);
      rmSync(groups, { recursive: true, force: true });
    },
  };
}
