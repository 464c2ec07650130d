import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { makeKey, pack, verify } from '../../../gateway/cli/plugin-actions.ts';

/** Runs with what is printed kept. */
async function said(t: TestContext, run: () => Promise<unknown>): Promise<string> {
  const log = t.mock.method(console, 'log', () => undefined);
  await run();
  const lines = log.mock.calls.map(({ arguments: [line] }) => String(line));
  log.mock.restore();
  return lines.join('\n');
}

test('a vendor makes a key, packs once, and a site that trusts the key verifies', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pack-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const [key, out, policy] = ['k.pem', 'p.plugin.tgz', 'policy.yaml'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await mkdir(join(folder, 'p'));
  await writeFile(join(folder, 'p/package.json'), '{"name":"p","version":"1.0.0"}');
  await writeFile(join(folder, 'p/index.js'), 'export {}');

  const line = await said(t, () => makeKey('acme', key));
  assert.equal((await stat(key)).mode & 0o777, 0o600);
  assert.doesNotMatch(line, /PRIVATE KEY/);
  await assert.rejects(makeKey('acme', key), { code: 'USAGE' });

  await said(t, () => pack(join(folder, 'p'), { key, keyId: 'acme', out }));
  await assert.rejects(pack(join(folder, 'p'), { key, keyId: 'acme', out }), { code: 'USAGE' });
  await assert.rejects(pack(join(folder, 'p'), { key: policy, keyId: 'acme', out: `${out}2` }), { code: 'USAGE' });
  assert.deepEqual((await readdir(folder)).toSorted(), ['k.pem', 'p', 'p.plugin.tgz']);

  const header = 'apiVersion: plugin-contract/v1\nkind: HostPolicy\n';
  await writeFile(policy, `${header}keys:\n${line.split('\n').at(-1)}\n`);
  assert.match(await said(t, async () => assert.equal(await verify(out, policy), true)), /^Sound/);
  await writeFile(policy, `${header}keys: []`);
  assert.match(await said(t, async () => assert.equal(await verify(out, policy), false)), /trusts no key/);
  assert.match(
    await said(t, async () => assert.equal(await verify(join(folder, 'p'), undefined), false)),
    /PC-I101 MANIFEST/,
  );
  const bytes = await readFile(out);
  await writeFile(out, bytes.subarray(0, bytes.byteLength / 2));
  await assert.rejects(verify(out, policy), { code: 'FILE_UNREADABLE' });
});
