import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { adminTokenFile } from '../gateway/config/identity.ts';
import { freePort } from '../test/harness/free-port.ts';

/** A broker under test, in a process of its own. */
export interface Subject extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** Milliseconds from spawn to readiness. */
  readonly startMs: number;
}

/** A gateway under test, and how its API is reached. */
export interface Gateway extends Subject {
  readonly httpPort: number;
  readonly dataDir: string;
}

const root = join(import.meta.dirname, '..');
const gateway = join(root, 'dist/gateway/cli.js');
/** The environment that the gateway's unit gives it. */
const unit = readFileSync(join(root, 'systemd/portcullis.service'), 'utf8');
const asInUnit = Object.fromEntries(
  [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
);

export interface GatewayOptions {
  readonly env?: Record<string, string>;
  readonly dataDir?: string;
  readonly config?: Record<string, unknown>;
}

/** The compiled gateway, ready to take messages. The data folder is removed afterwards unless it was given. */
export async function startGateway({ env = {}, dataDir, config = {} }: GatewayOptions = {}): Promise<Gateway> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
  const [port, httpPort] = [await freePort(), await freePort()];
  const file = join(folder, 'bench.yaml');
  const kept = dataDir ?? join(folder, 'data');
  writeFileSync(
    file,
    stringify({
      dataDir: kept,
      mqtt: { port, anonymous: true },
      http: { port: httpPort },
      log: { level: 'warn' },
      ...config,
    }),
  );
  const startedAt = performance.now();
  const child = spawn(process.execPath, [gateway, 'run', '--config', file], {
    env: { ...process.env, ...asInUnit, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}`);
    if (await isReady(httpPort)) break;
    await sleep(20);
  }
  const startMs = performance.now() - startedAt;
  return {
    ...subject(child, port, startMs, () => rmSync(folder, { recursive: true, force: true })),
    httpPort,
    dataDir: kept,
  };
}

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    (answer) => answer.ok,
    () => false,
  );

/** The token of the gateway's administrator, as a header. */
export const asAdministrator = ({ dataDir }: Gateway): { readonly authorization: string } => ({
  authorization: `Bearer ${readFileSync(join(dataDir, adminTokenFile), 'utf8').trim()}`,
});

/** Stock Aedes 1.2 with its defaults. */
export const startStockAedes = (): Promise<Subject> => startForked('bench/stock-aedes.ts');

/** The threads of a gateway that do nothing but hand messages on. */
export const startBareThreads = (): Promise<Subject> => startForked('bench/bare-threads.ts');

async function startForked(file: string): Promise<Subject> {
  const startedAt = performance.now();
  const child = fork(join(root, file));
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return subject(child, port, performance.now() - startedAt, () => undefined);
}

function subject(child: ChildProcess, port: number, startMs: number, cleanUp: () => void): Subject {
  return {
    pid: child.pid ?? 0,
    port,
    startMs,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      cleanUp();
    },
  };
}

export interface Load {
  readonly acknowledged: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface LoadOptions {
  readonly port: number;
  readonly clients?: number;
  readonly inflight?: number;
  readonly rate?: number;
  readonly seconds: number;
  readonly warmup?: number;
  /** Warm-up goes on until so many are acknowledged, 20 s at the most. */
  readonly warmupMessages?: number;
  readonly onMeasuring?: () => void;
  readonly onMeasured?: () => void;
}

/** Runs the load generator to its end. */
export async function runLoad(options: LoadOptions): Promise<Load> {
  const { port, clients = 50, inflight = 1, rate = 0, seconds, warmup = 2, warmupMessages = 0 } = options;
  const given = { port, clients, inflight, rate, seconds, warmup, 'warmup-messages': warmupMessages };
  const args = Object.entries(given).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = fork(join(root, 'bench/load-generator.ts'), args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  let printed = '';
  child.stdout?.on('data', (text: Buffer) => (printed += text.toString()));
  child.on('message', (message) => (message === 'measuring' ? options.onMeasuring?.() : options.onMeasured?.()));
  await once(child, 'close');
  return JSON.parse(printed) as Load;
}

export interface BenchCloud extends AsyncDisposable {
  /** The `cloud` part of a gateway's configuration. */
  readonly config: { readonly tuya: Readonly<Record<string, unknown>> };
  /** Distinct records that took effect so far. */
  received(): Promise<number>;
  /** Stands still, its connections open, until `goOn`. */
  stop(): void;
  goOn(): void;
}

/** The local cloud in a process of its own. */
export async function startCloud(): Promise<BenchCloud> {
  const child = fork(join(root, 'bench/cloud.ts'));
  const [tuya] = (await once(child, 'message')) as [Record<string, unknown>];
  return {
    config: { tuya: { ...tuya, batch: true, callsPerSecond: 10_000 } },
    received: async () => {
      child.send('totals');
      const [totals] = (await once(child, 'message')) as [{ effects: number }];
      return totals.effects;
    },
    stop: () => void child.kill('SIGSTOP'),
    goOn: () => void child.kill('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
