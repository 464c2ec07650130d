// Runs inside the target's root file system, under emulation: loads and uses every native module, then sends a message from
// a device to the local cloud through the shipped gateway. Prints one line of JSON, or ends with what went wrong.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const require = createRequire(import.meta.url);
const cli = join(import.meta.dirname, 'gateway/cli.js');
const folder = mkdtempSync(join(tmpdir(), 'smoke-'));
const withinMs = 240_000;
const children = [];
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));
setTimeout(() => fail('took too long'), withinMs).unref();

function fail(why) {
  console.error(`smoke test: ${why}\n${children.map(({ said }) => said).join('\n')}`);
  process.exit(1);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

function start(...args) {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (child.said += bytes));
  child.on('exit', (code) => code && fail(`${args[0]} ended with ${code}`));
  children.push(child);
  return child;
}

async function until(what, ask) {
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer) return answer;
    await sleep(500);
  }
}

const Database = require('better-sqlite3');
const database = new Database(join(folder, 'native.db'));
database.pragma('journal_mode = WAL');
database.exec('CREATE TABLE t (x); INSERT INTO t VALUES (42)');
if (database.prepare('SELECT x FROM t').get().x !== 42) fail('better-sqlite3 does not read what it wrote');
const { Epoll } = require('epoll');
new Epoll(() => undefined).close();
const { SerialPort } = require('serialport');
const missing = await new Promise((resolve) => new SerialPort({ path: '/dev/no-such-port', baudRate: 9600 }, resolve));
if (!/No such file/.test(missing?.message ?? '')) fail(`serialport did not look for a port: ${missing}`);
const { parseSync } = require('oxc-parser');
if (parseSync('a.ts', 'const a: number = 1').program.body.length !== 1) fail('oxc-parser does not parse');

const cloud = start('cloud', '--port', '0', '--json');
const { url, clientId, secretFile, caFile } = await until('the cloud', async () =>
  JSON.parse(cloud.said.split('\n')[0]),
);
const [mqttPort, httpPort] = [await freePort(), await freePort()];
const config = join(folder, 'portcullis.yaml');
writeFileSync(
  config,
  JSON.stringify({
    dataDir: join(folder, 'data'),
    mqtt: { port: mqttPort, anonymous: true },
    http: { port: httpPort },
    cloud: { tuya: { endpoint: url, clientId, secretFile: resolve(secretFile), ca: resolve(caFile) } },
  }),
);
start('run', '--config', config);
const http = `http://127.0.0.1:${httpPort}`;
await until('the gateway', async () => (await fetch(`${http}/readyz`)).ok);

const mqtt = require('mqtt');
const device = await mqtt.connectAsync(`mqtt://127.0.0.1:${mqttPort}`, { clientId: 'smoke' });
for (let n = 0; n < 20; n += 1)
  await device.publishAsync(
    'tele/smoke/SENSOR',
    `{"Time":"2026-01-01T00:00:${10 + n}","AM2301":{"Temperature":${n}}}`,
    { qos: 1 },
  );
await device.endAsync();
const ledger = await until('delivery', async () => {
  const answer = await (await fetch(`${http}/api/v1/ledger`)).json();
  return answer.sinks.some(({ delivered }) => delivered >= 20) && answer;
});
if (!ledger.balanced) fail('the ledger does not balance');
const { delivered } = ledger.sinks.find((sink) => sink.delivered > 0);
console.log(JSON.stringify({ node: process.version, arch: process.arch, delivered }));
process.exit(0);
