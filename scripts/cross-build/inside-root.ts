import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A program that runs inside a root file system, as its root. */
export interface Inside extends AsyncDisposable {
  /** Throws with what it said when it has ended. */
  living(): void;
  said(): string;
  /** Rejects with what it said when it ends. */
  ended(): Promise<never>;
  /** What it printed until it ended well; rejects otherwise. */
  printed(): Promise<string>;
}

const kept = 8_000;

/** Mounts that only this process sees, and processes that end with it: nothing stays behind, whatever happens. */
const enter = `mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec /usr/sbin/chroot "$0" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"`;
const unshare = ['--mount', '--pid', '--fork', '--kill-child', '/bin/sh', '-c', enter];

/** Starts a program in a root file system, under emulation where it is another machine's. Needs root. */
export function startInside(rootFolder: string, command: readonly string[], signal?: AbortSignal): Inside {
  const child = spawn('unshare', [...unshare, rootFolder, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal, killSignal: 'SIGKILL' }),
  });
  child.on('error', (error) => (said += error.message));
  let [printed, said] = ['', ''];
  child.stdout.on('data', (bytes: Buffer) => (printed += bytes.toString()));
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-kept)));
  const ended = once(child, 'close').then(
    ([code]) => code as number | null,
    () => null,
  );
  const complaint = (): Error => new Error(`${command.join(' ')} ended with ${child.exitCode ?? 'a signal'}:\n${said}`);
  return {
    living: () => {
      if (child.exitCode !== null || child.signalCode !== null) throw complaint();
    },
    said: () => said,
    ended: async () => {
      await ended;
      throw complaint();
    },
    printed: async () => {
      if ((await ended) !== 0) throw complaint();
      return printed;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
}
