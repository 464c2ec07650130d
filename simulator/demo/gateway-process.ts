import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PortcullisError } from '../../contracts/errors.ts';

/** How a child ended, and the last lines that it wrote. */
export interface GatewayEnd {
  /** 70 when a signal ended it. */
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
  readonly lastWords: string;
}

export interface GatewayProcess {
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the process has ended, however that came. */
  readonly ended: Promise<GatewayEnd>;
  /** Resolves when `/readyz` says so; rejects when the signal aborts. Resolves too when the process ends. */
  ready(httpPort: number, signal: AbortSignal): Promise<void>;
  /** SIGTERM, and SIGKILL after `graceMs`; resolves when it has ended. */
  stop(graceMs: number): Promise<GatewayEnd>;
}

export interface GatewayStart {
  readonly configFile: string;
  readonly logFile: string;
  /** The program to run; the daemon unless a test says otherwise. */
  readonly program?: readonly string[] | undefined;
}

const daemon = [join(import.meta.dirname, '../../gateway/cli.ts'), 'run', '--config'];
const watcher = join(import.meta.dirname, 'end-with-parent.ts');
const lastLines = 12;

async function lastWords(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8');
  return text.trimEnd().split('\n').slice(-lastLines).join('\n');
}

/**
 * Starts the gateway in a process group of its own: a Ctrl-C in the terminal reaches the demo alone, which stops house,
 * gateway and cloud in that order. Everything it writes goes to `logFile`, begun anew at each start.
 */
export async function startGateway(start: GatewayStart): Promise<GatewayProcess> {
  const { configFile, logFile, program = daemon } = start;
  await using log = await open(logFile, 'w', 0o600);
  const child: ChildProcess = spawn(
    process.execPath,
    ['--disable-sigusr1', '--import', watcher, ...program, configFile],
    {
      detached: true,
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
    },
  );
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  await once(child, 'spawn');
  const ended = exited.then(async ([code, signal]): Promise<GatewayEnd> => ({
    signal,
    code: code ?? 70,
    lastWords: await lastWords(logFile),
  }));
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;

  return {
    pid: child.pid ?? 0,
    logFile,
    ended,
    ready: async (httpPort, signal) => {
      while (isAlive()) {
        signal.throwIfAborted();
        const answer = await fetch(`http://127.0.0.1:${httpPort}/readyz`, { signal }).catch(() => undefined);
        if (answer?.ok === true) return;
        await sleep(100, undefined, { signal });
      }
    },
    stop: async (graceMs) => {
      const hard = setTimeout(() => child.kill('SIGKILL'), graceMs);
      if (isAlive()) child.kill('SIGTERM');
      const end = await ended;
      clearTimeout(hard);
      return end;
    },
  };
}

/** What to tell when the gateway ended by itself; the code of the error decides nothing, the exit code is the child's. */
export function gatewayFailure({ code, signal, lastWords: words }: GatewayEnd, logFile: string): string {
  const own = words.split('\n').findLast((line) => line.startsWith('portcullis: '));
  const why = own?.slice('portcullis: '.length) ?? `its last lines were:\n${words}`;
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  return `The gateway ended ${how}: ${why}\n(its log: ${logFile})`;
}

/** The gateway did not become ready. */
export const notReady = (logFile: string, seconds: number): PortcullisError =>
  new PortcullisError('INTERNAL', `The gateway was not ready after ${seconds} seconds. Its log: ${logFile}`);
