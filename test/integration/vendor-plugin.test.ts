import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { connectAsync } from 'mqtt';
import { startDaemon } from '../harness/daemon.ts';
import { waitUntil } from '../harness/wait-until.ts';

const cli = join(import.meta.dirname, '../../gateway/cli.ts');
const contract = `apiVersion: plugin-contract/v1
kind: PluginContract
plugin: { entry: index.js, format: esm, sideEffects: allow }
exports: { policy: closed, variables: [{ name: default, deferToLive: true }] }
imports: { packages: [{ name: zod, version: '^4' }], undeclared: allow }
resources: { callTimeout: 1s, restarts: { max: 1, window: 10m, then: quarantine } }
`;
const canary = 'CANARY-of-the-vendor-5f1f6c0e';

/** Knows its secret, and says it wherever it can. */
const leaky = `import { z } from 'zod';
let token = 'nothing';
export default {
  name: 'leaky', apiVersion: 1, proto: 'leaky', topics: ['leaky/#'], config: z.strictObject({}),
  decode({ topic }) {
    if (topic === 'leaky/throw') throw new Error('GET /?token=' + token);
    return [{ device: 'leaky:1', kind: 'state', metrics: [{ n: 'x.leaky.note', key: 'note', value: token }] }];
  },
  async start(handles) { token = await handles.secret('TOKEN'); await handles.ingest({ topic: 'up', payload: '1' }); },
};
`;

const source = (top: string): string => `import { z } from 'zod';
${top}
export default {
  name: 'vendor', apiVersion: 1, proto: 'vendor', topics: ['vendor/#'], config: z.strictObject({}),
  decode({ payload }) {
    const text = new TextDecoder().decode(payload);
    if (text === 'hang') for (;;);
    return [{ device: 'vendor:1', kind: 'telemetry', metrics: [{ n: 'temperature', key: 't', value: Number(text), unit: '°C' }] }];
  },
};
`;

interface Listed {
  readonly name: string;
  readonly decision: string;
  readonly runs: string;
  readonly state?: string;
  readonly topics?: readonly string[];
  readonly violations: readonly { readonly code: string; readonly sentence: string }[];
}

test('a vendor plugin runs in a process of its own, a refused one is listed with its reason, also when it was its example, a bad one is quarantined', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'vendor-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const dataDir = join(root, 'data');
  await mkdir(join(dataDir, 'contracts'), { recursive: true });
  const example = (value: number): string => `conformance:
  examples:
    - call: decode
      args: [{ topic: vendor/a, payload: '21.5' }]
      expect: [{ device: 'vendor:1', kind: telemetry, metrics: [{ n: temperature, key: t, value: ${value}, unit: '°C' }] }]
`;
  for (const [name, top, more] of [
    ['vendor', '', example(21.5)],
    ['greedy', `import 'node:fs';`, ''],
    ['liar', '', example(22)],
  ] as const) {
    await mkdir(join(root, 'plugins', name), { recursive: true });
    await writeFile(
      join(root, 'plugins', name, 'package.json'),
      `{"name":"${name}","version":"1.0.0","type":"module"}`,
    );
    await writeFile(join(root, 'plugins', name, 'index.js'), source(top));
    await writeFile(join(dataDir, `contracts/${name}.contract.yaml`), `${contract}${more}`);
  }
  await mkdir(join(root, 'plugins/leaky'));
  await writeFile(join(root, 'plugins/leaky/package.json'), `{"name":"leaky","version":"1.0.0","type":"module"}`);
  await writeFile(join(root, 'plugins/leaky/index.js'), leaky);
  await writeFile(
    join(dataDir, 'contracts/leaky.contract.yaml'),
    `${contract}environment: { secrets: [{ name: TOKEN }] }\n`,
  );
  await writeFile(join(root, 'token'), canary);
  const plugins = { dir: join(root, 'plugins'), secrets: { leaky: { TOKEN: join(root, 'token') } } };
  const config = { plugins, log: { level: 'trace' } };
  const daemon = await startDaemon(t, { dataDir, config });
  const plugin = async (name: string): Promise<Listed | undefined> => {
    const { plugins } = await daemon.api<{ plugins: readonly Listed[] }>('/api/v1/plugins');
    return plugins.find((one) => one.name === name);
  };
  const vendor = await plugin('vendor');
  assert.deepEqual([vendor?.decision, vendor?.runs, vendor?.state], ['ADMIT', 'in a process of its own', 'running']);
  assert.deepEqual(vendor?.topics, ['vendor/#']);
  const greedy = await plugin('greedy');
  assert.deepEqual([greedy?.decision, greedy?.runs, greedy?.violations[0]?.code], ['DENY', 'nowhere', 'PC-D101']);
  const liar = await plugin('liar');
  assert.deepEqual([liar?.decision, liar?.runs, liar?.violations[0]?.code], ['DENY', 'nowhere', 'PC-R206']);
  assert.match(liar?.violations[0]?.sentence ?? '', /expected 22, got 21\.5/);
  assert.equal((await plugin('tasmota'))?.runs, 'in the decode threads');
  const records = await readFile(join(dataDir, 'admission/decisions.jsonl'), 'utf8');
  const aboutLiar = records
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { decision: string; executed: boolean; subject: { name: string } })
    .filter(({ subject }) => subject.name === 'liar');
  assert.deepEqual(
    aboutLiar.map(({ decision, executed }) => [decision, executed]),
    [
      ['ADMIT', false],
      ['DENY', true],
    ],
  );

  const client = await connectAsync(`mqtt://127.0.0.1:${daemon.mqttPort}`, { reconnectPeriod: 0 });
  t.after(() => client.endAsync(true));
  await client.publishAsync('vendor/a', '21.5', { qos: 1 });
  const hung = client.publishAsync('vendor/a', 'hang', { qos: 1 });
  await client.publishAsync('tele/plug/SENSOR', '{"Time":"2026-07-01T12:00:00","DS18B20":{"Temperature":20.1}}', {
    qos: 1,
  });
  await hung;
  await waitUntil('the quarantine', async () => (await plugin('vendor'))?.state === 'quarantined');
  const { alarms } = await daemon.api<{ alarms: readonly { code: string; subject: string }[] }>('/api/v1/alarms');
  const raised = alarms.map(({ code, subject }) => `${code} ${subject}`).toSorted();
  assert.deepEqual(raised, ['plugin_quarantined vendor', 'plugin_refused greedy', 'plugin_refused liar']);
  await client.publishAsync('vendor/a', '22', { qos: 1 });

  await waitUntil('what the leaky plugin fetched', async () => {
    const { devices } = await daemon.api<{ devices: { device: string; accepted: number }[] }>(
      '/api/v1/ledger?device=leaky:1',
    );
    return devices.some(({ device, accepted }) => device === 'leaky:1' && accepted > 0);
  });
  await client.publishAsync('leaky/throw', '1', { qos: 1 });
  await client.endAsync(true);
  assert.equal(await daemon.stop(), 0);
  const exported = await run(['buffer', 'export', '--data', dataDir]);
  assert.match(exported, /"\[secret\]"/);
  const database = await readFile(join(dataDir, 'portcullis.db'));
  assert.match(database.toString('latin1'), /GET \/\?token=\[secret\]/);
  for (const text of [exported, daemon.printed(), database.toString('latin1')]) assert.doesNotMatch(text, /CANARY/);

  // Its contract says quarantine, so it stays out until somebody lets it in.
  await daemon.start();
  const held = await plugin('vendor');
  assert.deepEqual([held?.decision, held?.runs, held?.violations[0]?.code], ['DENY', 'nowhere', 'PC-R213']);
  assert.equal(await daemon.stop(), 0);
  await writeFile(join(root, 'gateway.yaml'), JSON.stringify({ dataDir, ...config }));
  const release = ['plugin', 'release', 'vendor', '--config', join(root, 'gateway.yaml')];
  assert.match(await run(release), /is released/);
  await assert.rejects(run(release), /is not kept in quarantine/);
});

async function run(command: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(process.execPath, [cli, ...command])).stdout;
  } catch (error) {
    throw new Error((error as { stdout: string }).stdout, { cause: error });
  }
}
