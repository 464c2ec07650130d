import assert from 'node:assert/strict';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { tempDir } from '../unit/buffer/buffer-fixture.ts';
import { packed, tasmotaCandidate } from '../unit/cli/plugin-candidates.ts';
import { startDaemon } from '../harness/daemon.ts';

interface Row {
  readonly name: string;
  readonly version: string;
  readonly runs: string;
}

async function siteWithUploads(t: TestContext) {
  const dir = await tempDir(t);
  const plugins = join(dir, 'plugins');
  await mkdir(plugins);
  const daemon = await startDaemon(t, { config: { plugins: { dir: plugins } } });
  const token = (await readFile(join(daemon.dataDir, 'admin-token'), 'utf8')).trim();
  const url = `http://127.0.0.1:${daemon.httpPort}/api/v1/plugins`;
  const upload = async (
    body: string | Uint8Array | ReadableStream,
    query = '',
    headers: Record<string, string> = {},
  ) => {
    const answer = await fetch(`${url}${query}`, {
      method: 'POST',
      body,
      duplex: 'half',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/gzip', ...headers },
    });
    return { status: answer.status, said: (await answer.json()) as Record<string, unknown> };
  };
  const tasmota = async (): Promise<string> => {
    const { plugins: rows } = await daemon.api<{ plugins: readonly Row[] }>('/api/v1/plugins');
    const found = rows.find(({ name }) => name === 'tasmota');
    return `${found?.version} ${found?.runs}`;
  };
  return { dir, plugins, daemon, upload, tasmota };
}

test('a bundle that is uploaded is checked, compared, and runs after the next start', async (t) => {
  const { dir, plugins, daemon, upload, tasmota } = await siteWithUploads(t);
  const bundle = await readFile(await packed(await tasmotaCandidate(dir, '0.2.0')));

  const tried = await upload(bundle, '?dryRun=true');
  assert.deepEqual([tried.status, tried.said['switchedOn'], await readdir(plugins)], [200, false, []]);
  const { status, said } = await upload(bundle);
  assert.deepEqual([status, said['plugin'], said['version'], said['decision']], [200, 'tasmota', '0.2.0', 'ADMIT']);
  assert.deepEqual([said['switchedOn'], said['before'], said['different']], [true, '0.1.0 (shipped)', 0]);
  assert.ok(Number(said['messages']) > 10);
  assert.equal(await tasmota(), '0.1.0 in the decode threads');
  assert.deepEqual(await readdir(join(daemon.dataDir, 'uploads')), []);
  const twice = await upload(bundle);
  assert.deepEqual([twice.status, twice.said['detail']], [422, 'tasmota 0.2.0 is switched on already.']);
  await daemon.stop();
  await daemon.start();
  assert.equal(await tasmota(), '0.2.0 in a process of its own');
});

test('what is no upload of an administrator is refused before it is read, and a bad one in a sentence', async (t) => {
  const { dir, plugins, daemon, upload } = await siteWithUploads(t);
  const greedy = await readFile(
    await packed(await tasmotaCandidate(dir, '0.3.0', [['index.ts', 'import ', "import 'node:fs';\nimport "]])),
  );
  assert.equal((await upload(greedy, '', { authorization: 'Bearer wrong' })).status, 401);
  assert.equal((await upload('{}', '', { 'content-type': 'application/json' })).status, 415);
  assert.equal((await upload(greedy, '?name=../../x')).status, 400);

  const refused = await upload(greedy);
  assert.equal(refused.status, 422);
  assert.match(
    String(refused.said['detail']),
    /^tasmota 0\.3\.0 is refused and did not run\.\n +PC-D101 node:fs: .*Remove/,
  );
  const junk = await upload('no bundle at all');
  assert.deepEqual([junk.status, junk.said['title']], [422, 'Refused']);
  assert.match(String(junk.said['detail']), /no gzip archive/);
  const unknown = await upload(greedy, '?name=never-heard-of');
  assert.match(String(unknown.said['detail']), /PC-D101/, 'the package says what it is a version of');
  const chunk = new Uint8Array(1024 * 1024);
  let sent = 0;
  const endless = new ReadableStream({
    pull: (to) => ((sent += 1) <= 40 ? to.enqueue(chunk) : to.close()),
  });
  const large = await upload(endless);
  assert.match(String(large.said['detail']), /at most 32 MiB/);
  assert.deepEqual([await readdir(plugins), await readdir(join(daemon.dataDir, 'uploads'))], [[], []]);

  const document = await daemon.api<{ paths: Record<string, { post?: { requestBody?: object } }> }>('/openapi.json');
  assert.ok(JSON.stringify(document.paths['/api/v1/plugins']?.post?.requestBody).includes('application/gzip'));
});

test('without a folder for plugins an upload says which key is missing', async (t) => {
  const daemon = await startDaemon(t);
  const token = (await readFile(join(daemon.dataDir, 'admin-token'), 'utf8')).trim();
  const answer = await fetch(`http://127.0.0.1:${daemon.httpPort}/api/v1/plugins`, {
    method: 'POST',
    body: 'x',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/gzip' },
  });
  assert.deepEqual([answer.status, /plugins\.dir/.test(await answer.text())], [422, true]);
});
