import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { cli } from '../harness/cli.ts';
import { startDaemon, type Daemon } from '../harness/daemon.ts';
import { waitUntil } from '../harness/wait-until.ts';

const run = promisify(execFile);

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly cookie: string;
}
type Call = (method: string, path: string, body?: object, headers?: Record<string, string>) => Promise<Answer>;

function callerOf({ httpPort }: Daemon, own: Record<string, string> = {}): Call {
  return async (method, path, body, headers) => {
    const answer = await fetch(`http://127.0.0.1:${httpPort}/api/v1${path}`, {
      method,
      headers: { ...own, ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
    return { status: answer.status, body: (await answer.json()) as Answer['body'], cookie };
  };
}
const adminToken = ({ dataDir }: Daemon): string => readFileSync(join(dataDir, 'admin-token'), 'utf8').trim();

test('a house with accounts: the first from the command line, a resident in their rooms, a program, and who did what', async (t) => {
  const daemon = await startDaemon(t);
  const admin = callerOf(daemon, { authorization: `Bearer ${adminToken(daemon)}` });
  const nobody = callerOf(daemon);
  const ids: string[] = [];
  for (const [kind, name] of [
    ['building', 'Mill'],
    ['floor', 'Ground'],
    ['area', 'East'],
    ['area', 'West'],
  ]) {
    const parent = kind === 'area' ? ids[1] : ids.at(-1);
    ids.push(String((await admin('POST', '/places', { kind, name, ...(parent && { parent }) })).body['id']));
  }
  await admin('POST', '/devices', { id: 'lamp-east', place: ids[2] });
  await admin('POST', '/devices', { id: 'lamp-west', place: ids[3] });
  await admin('POST', '/groups', { name: 'Tenants', members: ['Rita'], areas: [ids[2]] });
  assert.equal((await nobody('GET', '/devices')).status, 200, 'open to this machine until the first account');

  const config = join(daemon.dataDir, 'cli.yaml');
  writeFileSync(config, stringify({ dataDir: daemon.dataDir, http: { port: daemon.httpPort } }));
  const { stdout } = await run(process.execPath, [
    cli,
    'account',
    'add',
    'Rita',
    '--role',
    'resident',
    '--config',
    config,
    '--json',
  ]);
  const { password } = JSON.parse(stdout) as { password: string };
  assert.equal((await nobody('GET', '/devices')).status, 401);

  assert.equal((await nobody('POST', '/login', { name: 'Rita', password: 'not this one' })).status, 403);
  const login = await nobody('POST', '/login', { name: 'rita', password });
  const rita = callerOf(daemon, { cookie: login.cookie });
  const { devices } = (await rita('GET', '/devices')).body as { devices: { id: string }[] };
  assert.deepEqual(
    devices.map(({ id }) => id),
    ['lamp-east'],
  );
  assert.equal((await rita('GET', '/devices/lamp-west')).status, 403);
  assert.equal((await rita('GET', '/ledger')).status, 403);
  const command = { device: 'lamp-west', name: 'switch', args: { on: true } };
  assert.equal((await rita('POST', '/commands', command)).status, 403, 'without the token of the session');
  const csrf = { 'x-csrf-token': String(login.body['csrf']) };
  assert.equal((await rita('POST', '/commands', command, csrf)).status, 403);
  assert.equal(
    (await rita('POST', '/commands', { ...command, device: 'lamp-east' }, csrf)).status,
    422,
    'allowed; no plugin speaks for it',
  );

  const logged = async (): Promise<Record<string, unknown>[]> =>
    ((await admin('GET', '/audit?limit=1000')).body as { entries: Record<string, unknown>[] }).entries;
  // How it ended is written behind the answer; that it was begun, before it.
  await waitUntil('the end of the command is in the log', async () =>
    (await logged()).some(({ outcome, target }) => outcome === 'failed' && target === 'device lamp-east'),
  );

  await daemon.kill();
  await daemon.start();
  assert.equal((await rita('GET', '/devices')).status, 200, 'the session outlives a crash');
  assert.equal((await rita('POST', '/logout', {}, csrf)).status, 200);
  assert.equal((await rita('GET', '/devices')).status, 401);

  const entries = await logged();
  const said = entries.map(({ name, permission, outcome, target }) => [name, permission, outcome, target].join(' | '));
  for (const line of [
    'Rita | device.control | denied | device lamp-west',
    'Rita | device.control | failed | device lamp-east',
    'anonymous | login | denied | Rita',
    'administrator token | account.manage | done | /api/v1/accounts',
  ]) {
    assert.ok(said.includes(line), `${line} in\n${said.join('\n')}`);
  }
  assert.ok(!JSON.stringify(entries).includes(password));
});

test('a program publishes once per id, sees it live, and comes again where it left; writes with a key are done once', async (t) => {
  const daemon = await startDaemon(t);
  const admin = callerOf(daemon, { authorization: `Bearer ${adminToken(daemon)}` });
  const key = { 'idempotency-key': 'k1' };
  const made = await admin('POST', '/tokens', { name: 'meter' }, key);
  assert.deepEqual(
    (await admin('POST', '/tokens', { name: 'meter' }, key)).body,
    made.body,
    'the same answer again, secret and all',
  );
  assert.equal((await admin('POST', '/tokens', { name: 'other' }, key)).status, 422);

  const bearer = { authorization: `Bearer ${String(made.body['secret'])}` };
  const meter = callerOf(daemon, bearer);
  const watch = async (headers: Record<string, string> = {}) => {
    const stop = new AbortController();
    t.after(() => stop.abort());
    const answer = await fetch(`http://127.0.0.1:${daemon.httpPort}/api/v1/live?metric=x.json.temperature`, {
      headers: { ...bearer, ...headers },
      signal: stop.signal,
    });
    const seen = { text: '', stop };
    void (async () => {
      for await (const chunk of answer.body ?? []) seen.text += Buffer.from(chunk).toString();
    })().catch(() => undefined);
    await waitUntil('the stream to begin', () => seen.text.includes('retry'));
    return seen;
  };
  const first = await watch();
  const publish = (id: string, temperature: number) =>
    meter('POST', '/publish', { id, topic: 'meters/hall', payload: { temperature } });
  assert.deepEqual((await publish('m1', 21)).body, { durable: true });
  await waitUntil('the first message', () => first.text.includes('"v":21'));
  first.stop.abort();
  const [, id = ''] = /id: (\S+)/.exec(first.text) ?? [];
  await publish('m2', 22);
  assert.deepEqual((await publish('m2', 99)).body, { durable: true });
  const second = await watch({ 'last-event-id': id });
  await waitUntil('what came meanwhile', () => second.text.includes('"v":22'));
  assert.doesNotMatch(second.text, /"v":21|"v":99|event: gap/);
  const third = await watch({ 'last-event-id': 'other-7' });
  await waitUntil('the gap to be told', () => third.text.includes('event: gap'));

  await daemon.kill();
  await daemon.start();
  assert.deepEqual((await publish('m2', 99)).body, { durable: true });
  const { sinks } = await daemon.api<{ sinks: { accepted: number }[] }>('/api/v1/ledger');
  assert.ok(sinks.length > 0);
  assert.deepEqual((await admin('POST', '/tokens', { name: 'meter' }, key)).body, made.body, 'also after a crash');
  assert.equal((await meter('GET', '/audit')).status, 403);
});
