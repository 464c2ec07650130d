import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { connectAsync } from 'mqtt';
import { tempDir } from '../unit/buffer/buffer-fixture.ts';
import { cli } from '../harness/cli.ts';
import { startCloud } from '../harness/cloud.ts';
import { startDaemon } from '../harness/daemon.ts';
import { post } from '../harness/post.ts';
import { waitUntil } from '../harness/wait-until.ts';

const canary = (what: string): string => `CANARY-${what}-7d1f0c9be2`;
const contract = `apiVersion: plugin-contract/v1
kind: PluginContract
plugin: { entry: index.js, format: esm, sideEffects: allow }
exports: { policy: closed, variables: [{ name: default, deferToLive: true }] }
imports: { packages: [{ name: zod, version: '^4' }], undeclared: allow }
environment: { variables: [{ name: GATEWAY_ENV, pattern: '^x$' }], secrets: [{ name: VENDOR_TOKEN, minLength: 99 }] }
`;
const plugin = `import { z } from 'zod';
export default { name: 'vendor', apiVersion: 1, proto: 'v', topics: ['v/#'], config: z.strictObject({ n: z.number() }), decode: () => [] };
`;

/** What is said; of events without an end, what comes first. */
async function textOf(answer: Response): Promise<string> {
  if (!answer.headers.get('content-type')?.startsWith('text/event-stream')) return answer.text();
  const reader = answer.body?.getReader();
  const first = await Promise.race([reader?.read(), setTimeout(1_000)]);
  await reader?.cancel();
  return Buffer.from(first?.value ?? []).toString();
}

/** Every answer that the API gives, good and bad, and the sentences about it. */
async function everyAnswer(base: string, admin: string): Promise<string[]> {
  const said: string[] = [];
  const ask = async (path: string, init: RequestInit = {}): Promise<void> => {
    const answer = await fetch(`${base}${path}`, init);
    said.push(`${path} ${answer.status} ${JSON.stringify([...answer.headers])} ${await textOf(answer)}`);
  };
  const document = (await (await fetch(`${base}/openapi.json`)).json()) as { paths: Record<string, object> };
  const wrong = { authorization: `Bearer ${canary('wrong-token')}` };
  const right = { authorization: `Bearer ${admin}` };
  for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json', '/']) await ask(path);
  for (const [path, methods] of Object.entries(document.paths)) {
    const at = path.replaceAll(/\{\w+\}/g, 'nobody');
    for (const method of Object.keys(methods).map((name) => name.toUpperCase())) {
      for (const headers of [{}, wrong, right]) {
        await ask(at, { method, headers });
        if (method === 'GET') continue;
        const json = { ...headers, 'content-type': 'application/json' };
        await ask(at, { method, headers: json, body: JSON.stringify({ password: canary('body'), secret: 1 }) });
        await ask(at, { method, headers: json, body: `{"password": ${canary('broken-body')}` });
        await ask(at, { method, headers: { ...headers, 'content-type': 'application/gzip' }, body: canary('file') });
      }
    }
  }
  return said;
}

test('no secret is in an answer of the API, a decision record, a command or the log at its most talkative', async (t) => {
  const dir = await tempDir(t);
  const dataDir = join(dir, 'data');
  const plugins = join(dir, 'plugins');
  for (const name of ['vendor', 'asks']) {
    await mkdir(join(plugins, name), { recursive: true });
    await writeFile(join(plugins, name, 'package.json'), `{"name":"${name}","version":"1.0.0","type":"module"}`);
    await writeFile(join(plugins, name, 'index.js'), plugin);
  }
  await mkdir(join(dataDir, 'contracts'), { recursive: true });
  await writeFile(join(dataDir, 'contracts/vendor.contract.yaml'), contract.replace(/environment:.*\n/, ''));
  await writeFile(join(dataDir, 'contracts/asks.contract.yaml'), contract);
  const cloud = await startCloud(t);
  const secretFile = join(dir, 'cloud-secret');
  await writeFile(secretFile, canary('cloud-secret'));
  const hookFile = join(dir, 'hook-secret');
  await writeFile(hookFile, `whsec_${Buffer.from(canary('hook-secret')).toString('base64')}`);
  const chat = { kind: 'webhook', url: `https://127.0.0.1:9/services/${canary('hook')}`, secretFile: hookFile };
  const config = {
    notify: { fallback: ['Ann'], channels: { chat } },
    traces: { endpoint: `http://127.0.0.1:9/${canary('traces')}`, ratio: 1 },
    mqtt: { anonymous: false },
    cloud: { tuya: { ...cloud.config.tuya, secretFile } },
    plugins: { dir: plugins, config: { vendor: { n: canary('plugin-config'), token: canary('plugin-token') } } },
    log: { level: 'trace', format: 'json' },
  };
  const env = { GATEWAY_ENV: canary('env'), VENDOR_TOKEN: canary('vendor-token') };
  const daemon = await startDaemon(t, { dataDir, config, env });
  const base = `http://127.0.0.1:${daemon.httpPort}`;
  const admin = (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim();

  await post(daemon, '/api/v1/contacts', { name: 'Ann', ways: [{ channel: 'chat' }] });
  await post(daemon, '/api/v1/credentials', { user: 'plug', profile: 'tasmota', password: canary('mqtt-password') });
  const login = (password: string) =>
    connectAsync(`mqtt://127.0.0.1:${daemon.mqttPort}`, {
      username: 'plug',
      clientId: 'plug',
      password,
      reconnectPeriod: 0,
    });
  await assert.rejects(login(canary('wrong-password')));
  const client = await login(canary('mqtt-password'));
  await client.publishAsync('tele/plug/SENSOR', '{"DS18B20":{"Temperature":20.1}}', { qos: 1 });
  await client.endAsync();

  const alarms = async (): Promise<readonly string[]> =>
    (await daemon.api<{ alarms: { code: string; subject: string }[] }>('/api/v1/alarms')).alarms.map(
      ({ code, subject }) => `${code} ${subject}`,
    );
  await waitUntil('the cloud to refuse us', async () => (await alarms()).includes('CLOUD_CREDENTIALS tuya'));
  // Wrong credentials are one thing to mend, so they are one alarm.
  await waitUntil('the delivery to stop', async () => {
    const { sinks } = await daemon.api<{ sinks: { state: string }[] }>('/api/v1/sinks');
    return sinks[0]?.state === 'stopped';
  });
  assert.deepEqual(await alarms(), ['plugin_refused asks', 'plugin_refused vendor', 'CLOUD_CREDENTIALS tuya']);

  await post(daemon, '/api/v1/alarms', { code: 'LEAK', subject: 'boiler', severity: 'high', detail: 'It is wet.' });
  await waitUntil('the webhook to fail', async () =>
    /"error":"/.test(JSON.stringify(await daemon.api('/api/v1/notifications'))),
  );

  const told = await everyAnswer(base, admin);
  const bundle = await fetch(`${base}/api/v1/system/bundle`, { headers: { authorization: `Bearer ${admin}` } });
  told.push(gunzipSync(await bundle.arrayBuffer()).toString());
  assert.ok(told.length > 60 && told.some((one) => one.includes(' 401 ')) && told.some((one) => one.includes(' 422 ')));
  const run = promisify(execFile);
  const file = join(dir, 'gateway.yaml');
  await writeFile(
    file,
    JSON.stringify({ dataDir, ...config, mqtt: { port: daemon.mqttPort }, http: { port: daemon.httpPort } }),
  );
  const asks = join(dataDir, 'contracts/asks.contract.yaml');
  const check = ['contract', 'check', join(plugins, 'asks'), '--contract', asks];
  for (const command of [
    ['doctor', '--config', file],
    ['doctor', '--json', '--config', file],
    ['ledger', '--json', '--data', dataDir],
    ['buffer', 'status', '--json', '--data', dataDir],
    ['buffer', 'export', '--data', dataDir],
    ['device', 'list', '--config', file],
    ['plugin', 'list', '--config', file],
    ...['text', 'json', 'sarif', 'junit'].map((format) => check.concat('--format', format)),
  ]) {
    const ran = await run(process.execPath, [cli, ...command], { env: { ...process.env, ...env } }).catch(
      (failed: unknown) => failed as { stdout: string; stderr: string },
    );
    assert.ok(`${ran.stdout}${ran.stderr}`.length > 0, command.join(' '));
    told.push(`${command.join(' ')}\n${ran.stdout}${ran.stderr}`);
  }
  told.push(await readFile(join(dataDir, 'admission/decisions.jsonl'), 'utf8'));
  assert.equal(await daemon.stop(), 0);
  assert.match(daemon.printed(), /"level":(10|20)/);
  told.push(daemon.printed());
  for (const text of told) {
    const at = text.search(/CANARY/i);
    assert.ok(at < 0, text.slice(Math.max(0, at - 300), at + 60));
    assert.ok(!text.includes(admin), `the administrator's token: ${text.slice(0, 200)}`);
  }
  assert.ok((await readdir(dataDir)).includes('portcullis.db'));
});
