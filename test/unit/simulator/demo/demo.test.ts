import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

const demo = join(import.meta.dirname, '../../../../simulator/demo.ts');
const runner = join(import.meta.dirname, 'run-with-fake.ts');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function tempFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-demo-'));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

interface Started {
  readonly pid: number;
  readonly exit: Promise<{ code: number | null; out: string; err: string }>;
  printed(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

/** Runs the demo in a process of its own on free ports. */
async function start(
  t: TestContext,
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Started> {
  const flags = ['--mqtt-port', '--tls-port', '--http-port', '--cloud-port'];
  const ports: string[] = [];
  for (const flag of flags) ports.push(flag, String(await freePort()));
  const child = spawn(process.execPath, [script, ...ports, ...args], { env: { ...process.env, ...env } });
  t.after(() => child.kill('SIGKILL'));
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()));
  return {
    pid: child.pid ?? 0,
    exit: once(child, 'close').then(([code]) => ({ code: code as number | null, ...text })),
    printed: async (wanted) => {
      while (!text.out.includes(wanted)) await once(child.stdout, 'data');
    },
    kill: (signal) => void child.kill(signal),
  };
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

test('the demo starts everything, shows a status and stops cleanly by itself', async (t) => {
  const data = await tempFolder(t);
  const { exit } = await start(t, runner, ['--data', data, '--seconds', '2', '--rate', '20']);
  const { code, out, err } = await exit;
  assert.equal(err, '');
  assert.equal(code, 0);
  assert.match(out, /Console {3}http:\/\/127\.0\.0\.1:\d+\/\n/);
  assert.match(out, /MQTT {6}127\.0\.0\.1:\d+, with TLS 127\.0\.0\.1:\d+/);
  assert.match(out, /^portcullis {2}\d+ devices .* ledger balanced ✓$/m);
  assert.match(out, /Stopped after \d+ s: [1-9]\d* accepted = .* ledger balanced ✓/);
});

test('SIGTERM stops house, gateway and cloud, with exit code 0 and no process left', async (t) => {
  const data = await tempFolder(t);
  const started = await start(t, runner, ['--data', data]);
  await started.printed('Stop with Ctrl-C.');
  await started.printed('gateway pid ');
  started.kill('SIGTERM');
  const { code, out } = await started.exit;
  assert.equal(code, 0);
  assert.equal(isAlive(Number(/gateway pid (\d+)/.exec(out)?.[1])), false);
});

test('the gateway ends too when the demo is killed without a word', async (t) => {
  const data = await tempFolder(t);
  const started = await start(t, runner, ['--data', data]);
  await started.printed('gateway pid ');
  await started.printed('Stop with Ctrl-C.');
  started.kill('SIGKILL');
  const { out } = await started.exit;
  const pid = Number(/gateway pid (\d+)/.exec(out)?.[1]);
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
});

test('when the gateway dies, the demo says why and exits with its code', async (t) => {
  const data = await tempFolder(t);
  const { exit } = await start(t, runner, ['--data', data], { FAKE: 'dying-gateway.ts' });
  const { code, err } = await exit;
  assert.equal(code, 75);
  assert.match(err, /^portcullis demo: The gateway ended with exit code 75: the fake has no wish to live\./);
  assert.doesNotMatch(err, /\n\s+at /);
});

test('a taken port is one sentence with the flag that helps, and exit code 69', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const data = join(await tempFolder(t), 'never-made');
  const { exit } = await start(t, demo, ['--data', data, '--mqtt-port', String(port)]);
  const { code, err, out } = await exit;
  assert.equal(code, 69);
  assert.equal(out, '');
  assert.equal(err.trimEnd().split('\n').length, 1);
  assert.match(err, new RegExp(`Port ${port} \\(MQTT\\) is taken by another program.*--mqtt-port`));
  assert.equal(existsSync(data), false, 'nothing was started');
});

test('a data folder that cannot be used is one sentence and exit code 66', async (t) => {
  const file = join(await tempFolder(t), 'file');
  await writeFile(file, '');
  const { exit } = await start(t, demo, ['--data', file]);
  const { code, err } = await exit;
  assert.equal(code, 66);
  assert.match(err, /^portcullis demo: The data folder .* cannot be used: .*--data\.\n$/);
});

test('a wrong flag is a sentence and exit code 64', async (t) => {
  const { exit } = await start(t, demo, ['--rate', 'fast']);
  const { code, err } = await exit;
  assert.equal(code, 64);
  assert.match(err, /rate.*a number from 0\.01 to 1000/);
});
