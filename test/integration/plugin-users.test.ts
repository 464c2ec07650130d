import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectAsync } from 'mqtt';
import { cannotRun } from '../harness/cannot-run.ts';
import { startDaemon, type Daemon } from '../harness/daemon.ts';
import { waitUntil } from '../harness/wait-until.ts';

const contract = `apiVersion: plugin-contract/v1
kind: PluginContract
plugin: { entry: index.js, format: esm, sideEffects: allow }
exports: { policy: closed, variables: [{ name: default, deferToLive: true }] }
imports: { packages: [{ name: zod, version: '^4' }], undeclared: allow }
`;
const source = (name: string): string => `import { z } from 'zod';
export default {
  name: '${name}', apiVersion: 1, proto: '${name}', topics: ['${name}/#'], config: z.strictObject({}),
  decode: () => [{ device: '${name}:1', kind: 'telemetry', metrics: [{ n: 'temperature', key: 't', value: 21, unit: '°C' }] }],
};
`;
const names = ['acme', 'bolt'] as const;

test('a gateway that is root gives each plugin a user of its own, the same at each start, who reads nothing of the gateway', async (t) => {
  if (cannotRun(t, process.getuid?.() === 0 ? undefined : 'needs root: nobody else can give a process another user'))
    return;
  const root = await mkdtemp(join(tmpdir(), 'plugin-users-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  // Users of plugins must get through to the store.
  await chmod(root, 0o755);
  const dataDir = join(root, 'data');
  await mkdir(join(dataDir, 'contracts'), { recursive: true, mode: 0o700 });
  for (const name of names) {
    await mkdir(join(root, 'plugins', name), { recursive: true });
    await writeFile(
      join(root, 'plugins', name, 'package.json'),
      `{"name":"${name}","version":"1.0.0","type":"module"}`,
    );
    await writeFile(join(root, 'plugins', name, 'index.js'), source(name));
    await writeFile(join(dataDir, `contracts/${name}.contract.yaml`), contract);
  }
  const config = { plugins: { dir: join(root, 'plugins') } };

  const daemon = await startDaemon(t, { dataDir, config });
  const client = await connectAsync(`mqtt://127.0.0.1:${daemon.mqttPort}`, { reconnectPeriod: 0 });
  for (const name of names) await client.publishAsync(`${name}/a`, '1', { qos: 1 });
  await client.endAsync(true);
  for (const name of names) assert.ok(await isDecoded(daemon, `${name}:1`), name);
  const cells = await cellsOf(daemon.pid());
  const users = cells.map(({ uid }) => uid);
  assert.equal(new Set(users).size, names.length, JSON.stringify(cells));
  for (const { uid, groups, capabilities } of cells) {
    assert.ok(uid >= 70_000 && uid < 470_000, `${uid}`);
    assert.deepEqual([groups, BigInt(`0x${capabilities}`)], ['', 0n]);
    for (const file of ['portcullis.db', 'admin-token', 'admission/decisions.jsonl']) {
      assert.match(readAs(uid, join(dataDir, file)), /Permission denied/, file);
    }
  }
  const [tree = ''] = await readdir(join(dataDir, 'admission/store/sha256'));
  assert.equal(readAs(users[0] ?? 0, join(dataDir, 'admission/store/sha256', tree)), 'is a folder that it may list');
  assert.equal(await daemon.stop(), 0);

  const again = await startDaemon(t, { dataDir, config });
  assert.deepEqual(new Set((await cellsOf(again.pid())).map(({ uid }) => uid)), new Set(users));
  assert.equal(await again.stop(), 0);
});

async function isDecoded(daemon: Daemon, device: string): Promise<boolean> {
  const { devices } = await daemon.api<{ devices: { device: string; accepted: number }[] }>(
    `/api/v1/ledger?device=${device}`,
  );
  return devices.some((one) => one.device === device && one.accepted > 0);
}

/** Reads a path with that user and the group of all cells, outside every namespace. */
function readAs(uid: number, path: string): string {
  const script =
    'if test -d "$1"; then ls "$1" >/dev/null && echo is a folder that it may list; else cat "$1"; fi 2>&1; true';
  const as = ['--reuid', `${uid}`, '--regid', '69999', '--clear-groups', '/bin/sh', '-c', script, 'sh', path];
  return execFileSync('setpriv', as, { encoding: 'utf8' }).trim();
}

interface CellUser {
  readonly uid: number;
  readonly groups: string;
  readonly capabilities: string;
}

/** The processes that run plugins below a gateway, from proc(5). */
async function cellsOf(gateway: number): Promise<readonly CellUser[]> {
  const found: CellUser[] = [];
  await waitUntil('the cells of both plugins', async () => {
    found.length = 0;
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const status = new Map<string, string>();
    for (const pid of pids) status.set(pid, await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''));
    const field = (pid: string, name: string): string =>
      new RegExp(`^${name}:\\t(.*)$`, 'm').exec(status.get(pid) ?? '')?.[1]?.trim() ?? '';
    const isBelow = (pid: string): boolean => pid === `${gateway}` || (status.has(pid) && isBelow(field(pid, 'PPid')));
    for (const pid of pids.filter(isBelow)) {
      const started = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (!/^[^\0]*node\0.*cell-host\.[jt]s\0$/s.test(started)) continue;
      found.push({
        uid: Number(field(pid, 'Uid').split('\t')[0]),
        groups: field(pid, 'Groups'),
        capabilities: field(pid, 'CapEff'),
      });
    }
    return found.length === names.length;
  });
  return found;
}
