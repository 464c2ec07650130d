import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { PortcullisError } from '../../contracts/errors.ts';
import { giveWay } from './give-way.ts';

/** A shell that becomes the process of a cell, with one end of a socket pair as its descriptor 3 and no other. */
export interface Shell {
  readonly pid: number | undefined;
  readonly socket: Socket;
  /** How it ended, in words; never rejects. */
  readonly ended: Promise<string>;
  /** Ends the process that runs the plugin, and every one in between. */
  kill(): void;
}

export interface ShellOrder {
  readonly args: readonly string[];
  /** What runs is a child of the shell, as below `unshare --fork`. */
  readonly forks: boolean;
  /** It gives way from its first instruction on; whatever it becomes or starts inherits that. */
  readonly gently: boolean;
}

export function startShell({ args, forks, gently }: ShellOrder): Shell {
  const child = spawn('/bin/sh', args, { env: {}, cwd: '/', stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  if (gently && child.pid !== undefined) giveWay(child.pid);
  const socket = child.stdio[3];
  if (socket === null || socket === undefined || !('connect' in socket)) {
    throw new PortcullisError('INTERNAL', 'A cell was started without its socket pair.');
  }
  return {
    pid: child.pid,
    socket: socket as Socket,
    ended: howItEnded(child),
    kill: () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const inner = forks ? childOf(child.pid) : undefined;
      // A parent between us ends with its child; before that is there, the other way round.
      if (inner === undefined) child.kill('SIGKILL');
      else kill(inner);
    },
  };
}

/** The one process that a parent between us started; undefined before it is there and after its end. */
export function childOf(pid: number | undefined): number | undefined {
  try {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    return child === undefined || child === '' ? undefined : Number(child);
  } catch {
    return undefined;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}

async function howItEnded(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    return `the process ended with ${signal ?? `exit code ${code}`}`;
  } catch {
    return 'the process could not be started';
  }
}
