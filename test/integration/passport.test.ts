import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { connectAsync } from 'mqtt';
import { startCloud } from '../harness/cloud.ts';
import { startDaemon, type Daemon } from '../harness/daemon.ts';
import { compare, drained } from '../harness/judge.ts';
import { post } from '../harness/post.ts';
import { startPublisher } from '../harness/publisher.ts';
import { waitUntil } from '../harness/wait-until.ts';

const run = promisify(execFile);
const portcullis = (...args: string[]) => run(process.execPath, ['gateway/cli.ts', ...args]);

interface Alarms {
  readonly alarms: readonly { readonly code: string }[];
}
interface Ledger {
  readonly balanced: boolean;
  readonly sinks: readonly { readonly sink: string; readonly buffered: number }[];
}
const isFenced = async (daemon: Daemon): Promise<boolean> =>
  (await daemon.api<Alarms>('/api/v1/alarms')).alarms.some(({ code }) => code === 'GATEWAY_FENCED');

test('a gateway that is restored from a passport made under load is the same; the first one is shut out, and nothing is lost or done twice', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-passport-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const phrase = join(folder, 'passphrase');
  const file = join(folder, 'house.passport');
  writeFileSync(phrase, 'seven quiet valves\n');
  const secret = ['--passphrase-file', phrase];

  const cloud = await startCloud(t);
  const first = await startDaemon(t, { config: { cloud: cloud.config } });
  const credential = await newCredential(first);
  // What the passport takes along undelivered.
  await cloud.fault({ kind: 'refuse', forMs: 600_000 });
  const early = await startPublisher({ port: first.mqttPort, devices: 3 });
  await waitUntil('records wait', () => early.acknowledged.size > 200);
  const own = ['--config', join(first.dataDir, '../portcullis.yaml')];
  const made = await portcullis('passport', 'make', file, ...own, ...secret, '--json');
  const { contents, gateway } = JSON.parse(made.stdout) as { contents: { sinks: Ledger['sinks'] }; gateway: string };
  assert.ok((contents.sinks[0]?.buffered ?? 0) >= 200);
  await early.stop();
  await cloud.clearFaults();
  await drained(first);

  const dataDir = join(folder, 'another-board');
  await portcullis('passport', 'restore', file, '--data', dataDir, ...secret);
  // Its own file says nothing of a cloud: that and the secret came along.
  const second = await startDaemon(t, { dataDir });
  assert.equal((await second.api<{ name: string }>('/api/v1/system')).name, gateway);
  await drained(second);

  const after = await startPublisher({ port: first.mqttPort, devices: 1, from: 1_000_000 });
  await waitUntil('the first gateway sees that it is shut out', () => isFenced(first));
  const atFirst = await bufferedIn(first);
  await waitUntil('it goes on buffering', async () => (await bufferedIn(first)) > atFirst + 20);
  await after.stop();
  await first.kill();
  await first.start();
  assert.ok(await isFenced(first), 'it forgot over a restart');

  const device = await connectAsync(`mqtt://127.0.0.1:${second.mqttPort}`, { ...credential, clientId: 'meter' });
  await device.publishAsync('devices/meter/state', '{"n":2000000}', { qos: 1 });
  await device.endAsync();
  await drained(second);

  const rows = await cloud.received();
  const { missing, doubled, repeated } = compare(new Set([...early.acknowledged, 2_000_000]), rows);
  assert.deepEqual({ missing, doubled, repeated }, { missing: [], doubled: [], repeated: [] });
  for (const daemon of [first, second]) assert.equal((await daemon.api<Ledger>('/api/v1/ledger')).balanced, true);

  await first.stop();
  await portcullis('passport', 'take-over', '--data', first.dataDir);
  await first.start();
  await waitUntil('the first delivers what it kept', async () => (await bufferedIn(first)) === 0);
  await waitUntil('the second is shut out', async () => {
    await publishOne(second, credential);
    return isFenced(second);
  });
  const judged = compare(new Set([...early.acknowledged, ...after.acknowledged]), await cloud.received());
  assert.deepEqual(judged, { missing: [], doubled: [], repeated: [] });
});

const bufferedIn = async (daemon: Daemon): Promise<number> =>
  (await daemon.api<Ledger>('/api/v1/ledger')).sinks[0]?.buffered ?? 0;

/** A login whose password is told once: what it opens on another board is its hash. */
async function newCredential(daemon: Daemon): Promise<{ username: string; password: string }> {
  const { user, password } = await post<{ user: string; password: string }>(daemon, '/api/v1/credentials', {
    user: 'meter',
    profile: 'generic',
  });
  return { username: user, password };
}

async function publishOne(daemon: Daemon, credential: object): Promise<void> {
  const device = await connectAsync(`mqtt://127.0.0.1:${daemon.mqttPort}`, { ...credential, clientId: 'meter' });
  await device.publishAsync('devices/meter/state', JSON.stringify({ temperature: Math.random() * 40 }), { qos: 1 });
  await device.endAsync();
}
