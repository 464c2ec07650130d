import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { waitUntil } from '../../test/harness/wait-until.ts';

/** The processes of one contender. */
export interface Crew {
  /** Starts one more and waits until it is ready; what it prints goes to `name`.log beside its settings. */
  readonly launch: (name: string, command: readonly [string, ...string[]], options: LaunchOptions) => Promise<void>;
  /** How often a process of this name has printed a text, over all its lives. */
  readonly timesSaid: (name: string, text: string) => number;
  readonly pids: () => readonly number[];
  readonly kill: () => Promise<void>;
}

interface LaunchOptions {
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly isReady: () => Promise<boolean>;
}

export function gatherCrew(beside: string): Crew {
  let living: ChildProcess[] = [];
  return {
    async launch(name, [program, ...args], { env = {}, isReady }) {
      const file = join(beside, `${name}.log`);
      const log = openSync(file, 'a');
      const child = spawn(program, args, { env: { ...process.env, ...env }, cwd: beside, stdio: ['ignore', log, log] });
      closeSync(log);
      living.push(child);
      await waitUntil(`${name} to be ready`, () => {
        if (child.exitCode === null && child.signalCode === null) return isReady();
        throw new Error(`${name} ended:\n${readFileSync(file, 'utf8').slice(-2_000)}`);
      });
    },
    timesSaid: (name, text) => {
      const file = join(beside, `${name}.log`);
      return existsSync(file) ? readFileSync(file, 'utf8').split(text).length - 1 : 0;
    },
    pids: () => living.map(({ pid }) => pid ?? 0),
    async kill() {
      const ending = living;
      living = [];
      await Promise.all(ending.map(end));
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Whether a port of this machine takes connections. */
export function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
