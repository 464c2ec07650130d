import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectAsync } from 'mqtt';
import type { HostFacts } from '../../gateway/admission/host/facts.ts';
import { packBundle } from '../../gateway/admission/bundle/bundle.ts';
import { generateSigner, readPrivateKey } from '../../gateway/admission/integrity/signature.ts';
import { readSourceTree } from '../../gateway/admission/source-tree.ts';
import { findConfinement } from '../../gateway/cells/confinement.ts';
import { startDaemon } from '../harness/daemon.ts';
import { waitUntil } from '../harness/wait-until.ts';

const fixtures = join(import.meta.dirname, '../fixtures/plugins');
const secret = 'canary-5f1f6c0e-of-the-meter';

interface Listed {
  readonly name: string;
  readonly decision: string;
  readonly runs: string;
  readonly violations: readonly { readonly code: string; readonly remedy: string }[];
  readonly grants: readonly { readonly grant: string; readonly enforcedBy: string }[];
}

interface Ledger {
  readonly devices: readonly { readonly device: string; readonly accepted: number }[];
}

/** A meter on this machine that answers only to those who know the secret. */
async function openMeter(): Promise<{ url: string; asked: () => number; close: () => void }> {
  let asked = 0;
  const server = createServer((request, response) => {
    const knows = request.headers.authorization === `Bearer ${secret}`;
    if (knows) asked += 1;
    response.writeHead(knows ? 200 : 401).end(JSON.stringify({ watts: String(100 + asked) }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked: () => asked, close: () => void server.close() };
}

/** A site with the signed bundle, its contract and a policy that trusts the vendor's key. */
async function openSite(root: string): Promise<string> {
  const dataDir = join(root, 'data');
  await mkdir(join(dataDir, 'contracts'), { recursive: true });
  await mkdir(join(root, 'plugins'));
  const { privatePem, publicBase64 } = generateSigner();
  const key = readPrivateKey(privatePem);
  assert.ok(key);
  const tree = await readSourceTree(join(fixtures, 'acme-meter'));
  await writeFile(
    join(root, 'plugins/acme-meter-1.0.0.plugin.tgz'),
    packBundle(tree, { id: 'acme-2026', key, at: new Date() }).bytes,
  );
  await cp(join(fixtures, 'acme-meter.contract.yaml'), join(dataDir, 'contracts/acme-meter.contract.yaml'));
  await writeFile(
    join(root, 'policy.yaml'),
    `apiVersion: plugin-contract/v1
kind: HostPolicy
profile: structural
permissions: { network: { outbound: ['127.0.0.0/8:*'] }, mqtt: { publish: ['acme/#'], maxPayload: 64KiB } }
keys: [{ id: acme-2026, ed25519: ${publicBase64} }]
`,
  );
  return dataDir;
}

test('a plugin from a signed bundle polls a device with a secret, and what it measured arrives in the buffer', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'polling-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const meter = await openMeter();
  t.after(() => meter.close());
  const dataDir = await openSite(root);
  const secretFile = join(root, 'meter-token');
  const daemon = await startDaemon(t, {
    dataDir,
    config: {
      log: { level: 'trace' },
      plugins: {
        dir: join(root, 'plugins'),
        policy: join(root, 'policy.yaml'),
        config: { 'acme-meter': { everyMs: 200 } },
        variables: { 'acme-meter': { METER_URL: meter.url } },
        secrets: { 'acme-meter': { METER_TOKEN: secretFile } },
      },
    },
  });
  const listed = async (): Promise<Listed | undefined> => {
    const { plugins } = await daemon.api<{ plugins: readonly Listed[] }>('/api/v1/plugins');
    return plugins.find(({ name }) => name === 'acme-meter');
  };
  const refused = await listed();
  assert.deepEqual([refused?.decision, refused?.violations.map(({ code }) => code)], ['DENY', ['PC-E103']]);
  assert.match(refused?.violations[0]?.remedy ?? '', /plugins\.secrets\.<plugin>\.METER_TOKEN/);

  await writeFile(secretFile, `${secret}\n`, { mode: 0o600 });
  assert.equal(await daemon.stop(), 0);
  await daemon.start();
  const client = await connectAsync(`mqtt://127.0.0.1:${daemon.mqttPort}`, { reconnectPeriod: 0 });
  t.after(() => client.endAsync(true));
  const heard: string[] = [];
  client.on('message', (topic, payload, { retain }) => heard.push(`${topic} ${payload.toString()} ${retain}`));
  await client.subscribeAsync('acme/#');
  const admitted = await listed();
  assert.deepEqual([admitted?.decision, admitted?.runs], ['ADMIT', 'in a process of its own']);
  const grants = admitted?.grants.map(({ grant, enforcedBy }) => `${grant}: ${enforcedBy.split(':')[0]}`) ?? [];
  assert.ok(grants.includes('secret METER_TOKEN: a handle of the gateway'), grants.join('\n'));
  assert.ok(grants.includes('network outbound http 127.0.0.0/8:1024-65535: a handle of the gateway'));

  await waitUntil('measurements of the meter', async () => {
    const { devices } = await daemon.api<Ledger>('/api/v1/ledger?device=acme:meter');
    return (devices.find(({ device }) => device === 'acme:meter')?.accepted ?? 0) >= 2;
  });
  await waitUntil('what the plugin publishes', () => heard.length > 0);
  assert.equal(heard[0], 'acme/acme:meter/polled 200 false');
  await waitUntil('the meter to be asked again', () => meter.asked() >= 2);
  assert.equal(await daemon.stop(), 0);
  const records = await readFile(join(dataDir, 'admission/decisions.jsonl'), 'utf8');
  assert.match(records, /"grant":"secret METER_TOKEN"/);
  // What this host's kernel adds is found out by trying, and on record.
  const { host } = JSON.parse(records.trim().split('\n').at(-1) ?? '') as { host: { facts: HostFacts } };
  const store = join(dataDir, 'admission/store');
  const { walls } = await findConfinement([store], { hidden: { folder: dataDir, but: store } });
  assert.deepEqual(host.facts.isolation.kernel, walls);
  assert.doesNotMatch(records + daemon.printed(), new RegExp(secret));
});
