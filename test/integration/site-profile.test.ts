import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { connectAsync } from 'mqtt';
import { cli } from '../harness/cli.ts';
import { startDaemon } from '../harness/daemon.ts';
import { waitUntil } from '../harness/wait-until.ts';

const run = promisify(execFile);

interface Ledger {
  readonly devices: readonly { readonly sink: string; readonly accepted: number; readonly buffered: number }[];
}

test('a profile of the site lets a device use the topics of its plugin and no others; without a sink what it says waits for each', async (t) => {
  const weather = { plugin: 'generic-json', publish: ['weather/%c/#'] };
  const daemon = await startDaemon(t, { config: { mqtt: { anonymous: false, profiles: { weather } } } });
  const config = join(daemon.dataDir, '../portcullis.yaml');
  const adding = ['device', 'add', 'roof', '--profile', 'weather', '--json', '--config', config];
  const added = await run(process.execPath, [cli, ...adding]);
  const { password } = JSON.parse(added.stdout) as { password: string };
  const login = { clientId: 'roof', username: 'roof', password };
  const client = await connectAsync(`mqtt://127.0.0.1:${daemon.mqttPort}`, { ...login, reconnectPeriod: 0 });
  t.after(() => client.endAsync(true));
  await client.publishAsync('weather/roof/now', '{"wind":{"value":3,"unit":"m/s"}}', { qos: 1 });
  const linesOf = async (device: string): Promise<Ledger['devices']> =>
    (await daemon.api<Ledger>(`/api/v1/ledger?device=${device}`)).devices;
  const lines = await linesOf('json:roof');
  assert.deepEqual(lines.map(({ sink }) => sink).toSorted(), ['influx', 'kafka', 'tuya']);
  // Beside what it said its appearance in the registry.
  for (const { accepted, buffered } of lines) assert.deepEqual([accepted, buffered], [2, 2]);

  await client.publishAsync('weather/cellar/now', '{"wind":{"value":3,"unit":"m/s"}}', { qos: 0 });
  await waitUntil('the refusal', () => daemon.printed().includes('publish-denied'));
  assert.deepEqual(await linesOf('json:roof'), lines);
  assert.deepEqual(await linesOf('json:cellar'), []);
});
