import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { packBundle } from '../../gateway/admission/bundle/bundle.ts';
import { generateSigner, readPrivateKey } from '../../gateway/admission/integrity/signature.ts';
import { readSourceTree } from '../../gateway/admission/source-tree.ts';
import { tempDir } from '../unit/buffer/buffer-fixture.ts';
import { cli } from '../harness/cli.ts';
import { startDaemon } from '../harness/daemon.ts';

const contract = `apiVersion: plugin-contract/v1
kind: PluginContract
plugin: { entry: index.js, format: esm, sideEffects: allow }
exports: { policy: closed, variables: [{ name: default, deferToLive: true }] }
imports: { packages: [{ name: zod, version: '^4' }], undeclared: allow }
`;
const source = `import { z } from 'zod';
export default { name: 'v', apiVersion: 1, proto: 'v', topics: ['v/#'], config: z.strictObject({}), decode: () => [] };
`;
const host = (alternative: string): string => `host: { deployments: [${alternative}] }\n`;

interface Refusal {
  readonly contract: string;
  readonly top?: string;
  readonly code: string;
  /** What is wrong, and what to do. */
  readonly says: RegExp;
}

/** What an installer meets, by the name of the plugin that is refused for it. */
const refusals: Readonly<Record<string, Refusal>> = {
  'needs-a-secret': {
    contract: 'environment: { secrets: [{ name: ACME_TOKEN, minLength: 20 }] }\n',
    code: 'PC-E103',
    says: /ACME_TOKEN[^]*secret is missing[^]*(Put|Store) the secret/,
  },
  'other-cpu': {
    contract: host('{ arch: riscv64, systems: [{ os: linux }] }'),
    code: 'PC-H104',
    says: /The nearest deployment wants .*riscv64.*this host has .*(x64|arm)/,
  },
  'needs-an-adapter': {
    contract: host(
      '{ arch: [x64, arm64, arm], systems: [{ os: linux, devices: [{ serial: { vid: "dead", pid: "beef" } }] }] }',
    ),
    code: 'PC-H104',
    says: /The nearest deployment wants .*serial.*dead.*beef.*this host has/,
  },
  'needs-newer-node': {
    contract: host(
      '{ arch: [x64, arm64, arm], systems: [{ os: linux, runtimes: [{ name: node, version: ">=99" }] }] }',
    ),
    code: 'PC-H104',
    says: /The nearest deployment wants .*>=99.*this host has .*24\./,
  },
  'imports-too-much': {
    contract: '',
    top: `import 'node:fs';\n`,
    code: 'PC-D101',
    says: /node:fs[^]*not allowed[^]*Remove the import, or add it to imports\.builtins/,
  },
};
const names = Object.keys(refusals);

interface Row {
  readonly name: string;
  readonly decision: string;
  readonly violations: readonly { readonly code: string; readonly sentence: string; readonly remedy: string }[];
}

test('each refusal says in a sentence what to do: on the command line, in the list of plugins, and to an upload', async (t) => {
  const dir = await tempDir(t);
  const [dataDir, plugins] = [join(dir, 'data'), join(dir, 'plugins')];
  await mkdir(join(dataDir, 'contracts'), { recursive: true });
  await mkdir(plugins);
  const key = readPrivateKey(generateSigner().privatePem);
  assert.ok(key);
  const bundles = new Map<string, Uint8Array>();
  for (const [name, { contract: more, top = '' }] of Object.entries(refusals)) {
    const folder = join(dir, 'made', name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), `{"name":"${name}","version":"1.0.0","type":"module"}`);
    await writeFile(join(folder, 'index.js'), `${top}${source}`);
    await writeFile(join(dataDir, `contracts/${name}.contract.yaml`), `${contract}${more}`);
    const { bytes } = packBundle(await readSourceTree(folder), { id: 'vendor', key, at: new Date() });
    bundles.set(name, bytes);
    await writeFile(join(plugins, `${name}.plugin.tgz`), bytes);
  }
  const daemon = await startDaemon(t, { dataDir, config: { plugins: { dir: plugins } } });
  const token = (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim();
  const url = `http://127.0.0.1:${daemon.httpPort}/api/v1/plugins`;
  const rows = (await daemon.api<{ plugins: readonly Row[] }>('/api/v1/plugins')).plugins;
  const run = promisify(execFile);
  const told = daemon
    .printed()
    .split('\n')
    .filter((line) => line.startsWith('ERROR'));
  assert.equal(told.length, names.length, told.join('\n'));

  for (const name of names) {
    const { code, says } = refusals[name] ?? assert.fail();
    const row = rows.find((one) => one.name === name);
    const found = row?.violations.find((one) => one.code === code);
    assert.equal(row?.decision, 'DENY', name);
    assert.match(`${found?.sentence} ${found?.remedy}`, says);
    assert.equal(told.filter((line) => line.includes(`"${name}"`)).length, 1, told.join('\n'));

    const answer = await fetch(url, {
      method: 'POST',
      body: bundles.get(name) ?? '',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/gzip' },
    });
    const { detail } = (await answer.json()) as { detail: string };
    assert.equal(answer.status, 422);
    assert.match(detail, says);
    assert.ok(detail.includes(code));

    const check = ['contract', 'check', join(dir, 'made', name), '--contract'];
    const shown = await run(process.execPath, [cli, ...check, join(dataDir, `contracts/${name}.contract.yaml`)]).catch(
      (failed: unknown) => failed as { code: number; stdout: string },
    );
    assert.equal('code' in shown && shown.code, 1, name);
    assert.match(shown.stdout, new RegExp(code));
    assert.match(shown.stdout, name === 'imports-too-much' ? /Remove the import/ : says);
  }
});
