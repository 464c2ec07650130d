import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { connectAsync } from 'mqtt';
import { cli } from '../harness/cli.ts';
import { startDaemon, type Daemon } from '../harness/daemon.ts';
import { waitUntil } from '../harness/wait-until.ts';

const owner = { name: 'Canaria Vogel', password: 'tweety-in-the-mine' };
const device = 'canary-lamp-7f';
/** Device, account, rule, and what only lies in files. */
const names = [device, owner.name, 'canary-rule', 'canary-bundle', 'canary-leftover'];

async function portcullis(...args: string[]) {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [said, complained, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, said, complained };
}

/** How many of some canaries the raw files of some folders hold. */
function foundIn(folders: readonly string[], canaries: readonly (string | Buffer)[]): number {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .map((path) => join(folder, String(path)))
      .filter((path) => statSync(path).isFile()),
  );
  const contents = files.map((path) => Buffer.concat([Buffer.from(path), readFileSync(path)]));
  return canaries.filter((canary) => contents.some((content) => content.includes(canary))).length;
}

/** Of the account and of the device, as they are on the disk. */
function passwordHashes(dataDir: string): Buffer[] {
  const db = new Database(join(dataDir, 'portcullis.db'), { readonly: true });
  const account = db.prepare<[], { hash: Buffer }>('SELECT hash FROM access_accounts').all();
  const credential = db.prepare<[], { hash: Buffer }>('SELECT hash FROM mqtt_credentials').all();
  db.close();
  return [...account, ...credential].map(({ hash }) => hash);
}

async function asked(daemon: Daemon, method: string, route: string, body?: object, token?: string) {
  const answer = await fetch(`http://127.0.0.1:${daemon.httpPort}/api/v1/${route}`, {
    method,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, said: (await answer.json()) as Record<string, unknown> };
}

/** A gateway that was claimed, knows a device, a credential and a rule, and was killed with all of it in its log. */
async function livedIn(t: TestContext) {
  const site = mkdtempSync(join(tmpdir(), 'portcullis-site-'));
  t.after(() => rmSync(site, { recursive: true, force: true }));
  const [codeFile, rules, plugins] = [join(site, 'claim-code'), join(site, 'rules'), join(site, 'plugins')];
  writeFileSync(codeFile, 'OLDCODE9\n');
  for (const folder of [rules, plugins]) mkdirSync(folder);
  const config = { claim: { codeFile }, rules: { dir: rules }, plugins: { dir: plugins }, mqtt: { anonymous: false } };
  const daemon = await startDaemon(t, { config });
  const { said } = await asked(daemon, 'POST', 'claim', { code: 'OLDCODE9', account: owner });
  const token = String(said['adminToken']);
  const made = await asked(daemon, 'POST', 'credentials', { user: device, profile: 'generic' }, token);
  const when = { metric: 'temperature', above: 30 };
  const rule = { id: 'canary-rule', name: 'canary-rule', when, do: [{ raise: 'HOT' }] };
  assert.equal((await asked(daemon, 'POST', 'rules', { rule }, token)).status, 200);
  const login = { username: device, password: String(made.said['password']), clientId: device };
  const client = await connectAsync(`mqtt://127.0.0.1:${daemon.mqttPort}`, login);
  await client.publishAsync(`devices/${device}/state`, '{"temperature":21}', { qos: 1 });
  await client.endAsync();
  await daemon.kill();
  writeFileSync(join(plugins, 'acme.plugin.tgz'), 'canary-bundle');
  const leftovers = join(daemon.dataDir, 'before-passport-2026');
  mkdirSync(leftovers, { mode: 0o500 });
  writeFileSync(join(leftovers, 'portcullis.db'), 'canary-leftover');
  const folders = [daemon.dataDir, rules, plugins];
  const canaries = [...names, token, ...passwordHashes(daemon.dataDir)];
  const remembered = (): number => foundIn(folders, canaries);
  assert.equal(remembered(), canaries.length);
  assert.equal(canaries.length, names.length + 3);
  return { daemon, token, codeFile, canaries, remembered, config: join(daemon.dataDir, '../portcullis.yaml') };
}

async function isFirstStart({ daemon, token, codeFile }: Awaited<ReturnType<typeof livedIn>>): Promise<void> {
  const code = readFileSync(codeFile, 'utf8').trim();
  assert.match(code, /^[A-Z2-9]{8}$/);
  assert.deepEqual((await asked(daemon, 'GET', 'claim')).said, { claimed: false });
  assert.equal((await asked(daemon, 'GET', 'audit', undefined, token)).status, 401);
  assert.equal((await asked(daemon, 'POST', 'claim', { code: 'OLDCODE9' })).status, 403);
  const { said } = await asked(daemon, 'POST', 'claim', { code });
  const fresh = String(said['adminToken']);
  const devices = await asked(daemon, 'GET', 'devices', undefined, fresh);
  assert.deepEqual([devices.status, devices.said['devices']], [200, []]);
  const accounts = await asked(daemon, 'GET', 'accounts', undefined, fresh);
  assert.deepEqual(accounts.said['accounts'], []);
}

test('after a factory reset no file holds what people put in, the configuration is there, and the next start is a first start', async (t) => {
  const lived = await livedIn(t);
  const { daemon, config, remembered } = lived;
  const order = ['factory-reset', '--config', config];

  await daemon.start();
  const busy = await portcullis(...order, '--yes');
  assert.deepEqual([busy.code, busy.complained], [75, `portcullis: ${daemon.dataDir} is in use by another process.\n`]);
  await daemon.kill();
  const unasked = await portcullis(...order);
  assert.deepEqual([unasked.code, unasked.said], [1, 'Nothing was removed. Say --yes to remove it.\n']);
  assert.equal(remembered(), lived.canaries.length);

  const done = await portcullis(...order, '--yes', '--json');
  assert.equal(done.code, 0, done.complained);
  const told = JSON.parse(done.said) as {
    removed: { files: number; bytes: number };
    stays: string[];
    claimCode: string;
  };
  assert.ok(told.removed.files > 10 && told.removed.bytes > 100_000);
  assert.deepEqual(told.stays, [config, lived.codeFile]);
  assert.equal(readFileSync(lived.codeFile, 'utf8').trim(), told.claimCode);
  assert.equal(remembered(), 0);
  assert.deepEqual(readdirSync(daemon.dataDir), ['portcullis.lock']);
  assert.ok(existsSync(config));
  const again = await portcullis(...order, '--yes');
  assert.deepEqual([again.code, again.complained.includes('holds no gateway')], [1, true]);

  await daemon.start();
  assert.equal(remembered(), 0);
  await isFirstStart(lived);
});

test('a factory reset that kill -9 ends anywhere is finished by the next start, which is a first start', async (t) => {
  const lived = await livedIn(t);
  const { daemon, config, remembered } = lived;
  const mark = join(daemon.dataDir, 'factory-reset');
  const crowd = join(daemon.dataDir, 'crowd');
  mkdirSync(crowd);
  for (let n = 0; n < 5_000; n++) writeFileSync(join(crowd, `canary-leftover-${n}`), '');

  const child = spawn(process.execPath, [cli, 'factory-reset', '--config', config, '--yes'], { stdio: 'ignore' });
  await waitUntil('the reset to begin', () => existsSync(mark));
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.ok(existsSync(mark), 'it was over before it was killed');

  await daemon.start();
  assert.ok(!existsSync(mark));
  assert.equal(remembered(), 0);
  assert.match(daemon.printed(), /a factory reset that was cut off is finished/);
  await isFirstStart(lived);
});
