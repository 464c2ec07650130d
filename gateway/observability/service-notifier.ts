import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

const withinMs = 5_000;

/** A stop of the whole unit signals it too: it lives until its input ends, so that the last state gets out. */
const script = `trap '' TERM INT
while IFS= read -r state; do systemd-notify "$state" >/dev/null 2>&1; echo $?; done`;

/** Speaks to the service manager that started the gateway. */
export interface ServiceNotifier extends Disposable {
  /** A state, for example `READY=1`. Rejects when `systemd-notify` is missing, fails, or takes longer than 5 s. */
  readonly say: (state: string) => Promise<void>;
}

interface Speaker {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly lines: Interface;
}

/**
 * Node opens no datagram sockets of the kind that systemd listens on, so systemd's own `systemd-notify` says it; the unit
 * needs `NotifyAccess=all`. A shell of 1 MB starts it each time: a fork of the gateway itself would stop its threads while
 * the kernel copies its page tables (decision 0137).
 */
export function openServiceNotifier(socket: string): ServiceNotifier {
  let speaker: Speaker | undefined;
  let turn: Promise<void> = Promise.resolve();

  const begin = (): Speaker => {
    const child = spawn('/bin/sh', ['-c', script], {
      env: { NOTIFY_SOCKET: socket, PATH: '/usr/bin:/bin' },
      cwd: '/',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const own = { child, lines: createInterface({ input: child.stdout }) };
    child.on('error', () => undefined);
    child.stdin.on('error', () => undefined);
    child.on('close', () => {
      if (speaker === own) speaker = undefined;
    });
    return own;
  };
  const say = async (state: string): Promise<void> => {
    speaker ??= begin();
    const { child, lines } = speaker;
    const answer = await new Promise<string>((resolve) => {
      const late = setTimeout(() => child.kill('SIGKILL'), withinMs);
      const done = (said: string): void => {
        clearTimeout(late);
        lines.removeAllListeners();
        resolve(said);
      };
      lines.once('line', (code) => done(`exit code ${code}`));
      lines.once('close', () => done('its shell ended'));
      child.stdin.write(`${state}\n`);
    });
    if (answer !== 'exit code 0') throw new Error(`systemd-notify ${state}: ${answer}`);
  };
  return {
    say: (state) => {
      const mine = turn.then(() => say(state));
      turn = mine.catch(() => undefined);
      return mine;
    },
    [Symbol.dispose]: () => speaker?.child.stdin.end(),
  };
}
