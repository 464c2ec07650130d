import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { askForWeaknesses, type Audit } from '../../scripts/cross-build/known-weaknesses.ts';

/** Asks a registry of this machine about a lock file with one package. */
async function askAt(t: TestContext, answer: RequestListener): Promise<Audit> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-audit-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const root = { name: 'house', version: '1.0.0', dependencies: { 'left-door': '1.0.0' } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(root));
  const packages = { '': root, 'node_modules/left-door': { version: '1.0.0' } };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ ...root, lockfileVersion: 3, packages }));
  const registry = createServer((request, response) => request.resume().on('end', () => answer(request, response)));
  await once(registry.listen(0, '127.0.0.1'), 'listening');
  t.after(() => registry.close());
  const { port } = registry.address() as AddressInfo;
  return askForWeaknesses(folder, {
    ...process.env,
    npm_config_registry: `http://127.0.0.1:${port}/`,
    npm_config_cache: join(folder, 'cache'),
    npm_config_fetch_retries: '0',
  });
}

const advisory = {
  id: 1,
  url: 'https://example.org/1',
  title: 'The door opens by itself',
  severity: 'high',
  vulnerable_versions: '<2.0.0',
  cwe: [],
  cvss: { score: 8 },
};

test('what the registry knows of what ships is told by name', async (t) => {
  const { is, says } = await askAt(t, (request, response) => {
    if (request.url?.includes('advisories')) response.end(JSON.stringify({ 'left-door': [advisory] }));
    else response.writeHead(404).end('{}');
  });
  assert.deepEqual([is, says], ['found', 'Known weaknesses in what ships: left-door (high).']);
});

test('a registry that knows nothing against it is another answer than none', async (t) => {
  const clean = await askAt(t, (_request, response) => response.end('{}'));
  assert.equal(clean.is, 'clean');
  const refused = await askAt(t, (_request, response) => response.writeHead(405).end());
  assert.equal(refused.is, 'unanswered');
  assert.match(refused.says, /^NOT AUDITED: .*\(.*405/);
  const cut = await askAt(t, (request) => request.socket.destroy());
  assert.equal(cut.is, 'unanswered');
});
