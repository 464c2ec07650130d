import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { leaveAdmitted, takeAdmitted } from './admitted-once.ts';
import { cli } from './cli.ts';
import type { Ends } from './ends.ts';
import { freePort } from './free-port.ts';
import { waitUntil } from './wait-until.ts';

export interface DaemonOptions {
  readonly config?: Record<string, unknown>;
  /** Where the database lives; a folder of its own when left out. */
  readonly dataDir?: string;
  readonly env?: Record<string, string>;
  /** A life before the first one: it ends by itself, or by kill -9 once it is ready. */
  readonly hasPast?: boolean;
}

/** The real daemon as a process of its own, on free loopback ports, ended with the test. */
export interface Daemon {
  readonly mqttPort: number;
  readonly httpPort: number;
  readonly dataDir: string;
  /** Everything that it printed, over all of its lives. */
  printed(): string;
  pid(): number;
  isRunning(): boolean;
  start(env?: Record<string, string>): Promise<void>;
  /** kill -9, and waits for the end. */
  kill(): Promise<void>;
  /** SIGTERM, and waits for the end; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** Resolves with the exit code when it ends by itself. */
  ended(): Promise<number | null>;
  /** One JSON read of the API. */
  api<Result>(path: string): Promise<Result>;
}

/** Several processes start one after the other, on a machine that may do much else. */
const readyWithinMs = 90_000;

/** Makes a configuration and starts the daemon with it; resolves when it is ready. */
export async function startDaemon(t: Ends, options: DaemonOptions = {}): Promise<Daemon> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-daemon-'));
  const dataDir = options.dataDir ?? join(folder, 'data');
  mkdirSync(dataDir, { recursive: true });
  const [mqttPort, httpPort] = [await freePort(), await freePort()];
  const configFile = join(folder, 'portcullis.yaml');
  const { mqtt, http, ...rest } = options.config ?? {};
  writeFileSync(
    configFile,
    stringify({
      dataDir,
      http: { port: httpPort, ...(http as object) },
      mqtt: { port: mqttPort, anonymous: true, ...(mqtt as object) },
      ...rest,
    }),
  );

  let child: ChildProcess | undefined;
  let printed = '';
  const living = (): ChildProcess => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the daemon is not running:\n${printed}`);
    return child;
  };
  const api = async <Result>(path: string): Promise<Result> => {
    const answer = await fetch(`http://127.0.0.1:${httpPort}${path}`, { signal: AbortSignal.timeout(60_000) });
    return (await answer.json()) as Result;
  };
  /** A crash of the runtime is a signal too, and no test means that one. */
  const ended = async (): Promise<number | null> => {
    const [code, by] = (await once(living(), 'exit')) as [number | null, NodeJS.Signals | null];
    if (code === null && by !== 'SIGKILL') throw new Error(`the daemon was ended by ${by}:\n${printed}`);
    return code;
  };
  const end = (signal: NodeJS.Signals): Promise<number | null> => {
    const ending = ended();
    child?.kill(signal);
    return ending;
  };
  const launch = (env: Record<string, string>): ChildProcess => {
    child = spawn(process.execPath, [cli, 'run', '--config', configFile], {
      env: { ...process.env, ...options.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text: Buffer) => (printed += text.toString()));
    return child;
  };
  const untilReady = (): Promise<void> =>
    waitUntil(
      'the daemon to be ready',
      async () => {
        living();
        return fetch(`http://127.0.0.1:${httpPort}/readyz`).then(
          (answer) => answer.ok,
          () => false,
        );
      },
      readyWithinMs,
    );
  const start = async (env: Record<string, string> = {}): Promise<void> => {
    launch(env);
    await untilReady();
  };

  t.after(async () => {
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    // Node-RED and whoever makes a passport notice that, end, and may write until then.
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
  const isPlain = options.config?.['plugins'] === undefined;
  if (isPlain) takeAdmitted(dataDir);
  if (options.hasPast) {
    const ended = once(launch({}), 'exit');
    await Promise.race([ended, untilReady()]).catch(() => undefined);
    child?.kill('SIGKILL');
    await ended;
  }
  await start();
  if (isPlain) leaveAdmitted(dataDir);
  return {
    mqttPort,
    httpPort,
    dataDir,
    printed: () => printed,
    pid: () => living().pid ?? 0,
    isRunning: () => child !== undefined && child.exitCode === null && child.signalCode === null,
    start,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    ended,
    api,
  };
}
