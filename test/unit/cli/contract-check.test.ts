import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { imageFacts } from '../../../gateway/admission/host/image-facts.ts';
import { analysePlugin } from '../../../gateway/admission/code/analyse-plugin.ts';
import { providedModules } from '../../../gateway/admission/provided-modules.ts';
import { formats } from '../../../gateway/admission/report/formats.ts';
import { runCheck } from '../../../gateway/cli/contract-check.ts';
import type { CheckContext, CheckOptions } from '../../../gateway/cli/contract-check.ts';

const head = 'apiVersion: plugin-contract/v1\nkind: PluginContract\nprofile: structural\n';

async function site(t: TestContext, files: Record<string, string>) {
  const cwd = await mkdtemp(join(tmpdir(), 'check-'));
  t.after(() => rm(cwd, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(cwd, path, '..'), { recursive: true });
    await writeFile(join(cwd, path), content);
  }
  const run = async (folders: string[], options: Partial<CheckOptions> = {}, context: Partial<CheckContext> = {}) => {
    let text = '';
    const write = (part: string): void => void (text += part);
    const base = { cwd, env: {}, now: new Date(), analyse: analysePlugin, provided: () => [], write };
    const exit = await runCheck(folders, { format: 'text', ...options }, { ...base, ...context });
    return { exit, text };
  };
  return { cwd, run };
}

test('without a contract nothing is admitted', async (t) => {
  const { run } = await site(t, { 'p/plugin.js': 'export const x = 1;' });
  const { exit, text } = await run(['p']);
  assert.equal(exit, 2);
  assert.match(text, /no contract was named.*\n.*contract init/);
});

test('the contract beside the plugin, or on the shelf, is used when none is named', async (t) => {
  const { run } = await site(t, {
    'a/plugin.js': 'export const x = 1;',
    'a/contract.yaml': head,
    'b/plugin.js': 'export const x = 1;',
    'contracts/plugins/b.contract.yaml': head,
  });
  assert.equal((await run(['a', 'b'])).exit, 0);
});

test('over several subjects the highest exit counts', async (t) => {
  const { run } = await site(t, {
    'a/plugin.js': '',
    'a/contract.yaml': head,
    'b/plugin.js': '',
    'b/contract.yaml': 'a: 1',
  });
  assert.equal((await run(['a', 'b'], { format: 'json' })).exit, 2);
});

test('a missing folder or file is a configuration error in one sentence', async (t) => {
  const { run } = await site(t, { 'a/plugin.js': '', 'a/contract.yaml': head });
  for (const [folders, options] of [
    [['none'], { contract: 'a/contract.yaml' }],
    [['a'], { contract: 'none.yaml' }],
    [['a'], { host: 'none.yaml' }],
    [['a'], { policy: 'none.yaml' }],
    [['a'], { image: 'none' }],
  ] as [string[], Partial<CheckOptions>][]) {
    const { exit, text } = await run(folders, options);
    assert.equal(exit, 2, text);
    assert.match(text, /cannot be read/);
  }
});

test('a checker that fails is exit 3, never an admission, and says nothing of what it met', async (t) => {
  const { run } = await site(t, { 'a/plugin.js': '', 'a/contract.yaml': head });
  for (const analyse of [
    () => Promise.reject(new Error('canary')),
    () => {
      throw new Error('canary');
    },
  ]) {
    const { exit, text } = await run(['a'], { format: 'json' }, { analyse });
    assert.equal(exit, 3);
    assert.match(text, /PC-C199/);
    assert.doesNotMatch(text, /canary/);
  }
});

test('planted values of environment, secrets and host file are in no format', async (t) => {
  const body = `${head}environment: { variables: [{ name: MODE, value: prod }, { name: N, type: integer }], secrets: [{ name: S, minLength: 99 }, { name: F, pattern: "^x$" }] }\n`;
  const { run } = await site(t, {
    'a/plugin.js': 'export const x = 1;',
    'a/contract.yaml': body,
    'host.yaml':
      'arch: arm64\nos: linux\nenv: { MODE: canary-1, N: canary-2, OTHER: canary-3, S: canary-4 }\nsecrets: { F: canary-5 }\n',
  });
  for (const format of formats) {
    for (const options of [{ format, host: 'host.yaml' }, { format }]) {
      const env = { MODE: 'canary-6', S: 'canary-7', F: 'canary-8', UNUSED: 'canary-9' };
      const { exit, text } = await run(['a'], options, { env });
      assert.equal(exit, 1);
      assert.doesNotMatch(text, /canary/);
    }
  }
});

test('not one byte of a plugin runs: no file, no output, no child', async (t) => {
  const { cwd, run } = await site(t, { 'a/contract.yaml': head });
  const mark = join(cwd, 'ran');
  const effect = `import { writeFileSync } from 'node:fs';\nimport { spawnSync } from 'node:child_process';\nwriteFileSync(${JSON.stringify(mark)}, 'x');\nspawnSync('touch', [${JSON.stringify(mark)}]);\nexport const x = 1;\n`;
  await writeFile(join(cwd, 'a/plugin.js'), effect);
  await writeFile(
    join(cwd, 'a/package.json'),
    `{"name":"a","version":"1.0.0","type":"module","scripts":{"preinstall":"touch ${mark}"}}`,
  );
  for (const format of formats) await run(['a'], { format });
  assert.equal(existsSync(mark), false);
});

test('an image gives the facts: its architecture, libc and Node, not those of this machine', async (t) => {
  const elf = Buffer.alloc(64);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  elf.writeUInt16LE(40, 18);
  const { cwd, run } = await site(t, {
    'a/plugin.js': 'export const x = 1;',
    'a/contract.yaml': `${head}host: { deployments: [{ arch: arm, systems: [{ os: linux, libc: "musl>=1.2", distribution: alpine, runtimes: [{ name: node, version: "24" }] }] }] }\n`,
    'root/etc/os-release': 'ID=alpine\n',
    'root/lib/apk/db/installed': 'P:musl\nV:1.2.5-r1\n',
    'root/usr/local/include/node/node_version.h':
      '#define NODE_MAJOR_VERSION 24\n#define NODE_MINOR_VERSION 21\n#define NODE_PATCH_VERSION 0\n',
    'root/usr/local/bin/.keep': '',
  });
  await writeFile(join(cwd, 'root/usr/local/bin/node'), elf);
  assert.equal((await run(['a'], { image: 'root' })).exit, 0);
  elf.writeUInt16LE(183, 18);
  await writeFile(join(cwd, 'root/usr/local/bin/node'), elf);
  const { exit, text } = await run(['a'], { image: 'root' });
  assert.equal(exit, 1);
  assert.match(text, /PC-H104[^]*expected {2}arm\n[^]*observed {2}arm64/);
});

test('a system that is looked at from inside is its own image', async () => {
  const { arch, libc, os } = await imageFacts('/');
  assert.deepEqual([arch, os, libc !== undefined], [process.arch, 'linux', true]);
});

test('with --conformance the compiler has a say, and finds what the gateway provides', async (t) => {
  const { run } = await site(t, {
    'liar/plugin.ts': "export function read(): number { return 'text' }",
    'liar/contract.yaml': `${head}exports: { functions: [{ name: read, params: [], returns: number }] }\n`,
  });
  assert.equal((await run(['liar'])).exit, 0);
  const { exit, text } = await run(['liar'], { conformance: true });
  assert.equal(exit, 1);
  assert.match(text, /TS2322/);
  const own = await run(
    [join(import.meta.dirname, '../../../plugins/tasmota')],
    { conformance: true },
    { provided: providedModules },
  );
  assert.equal(own.exit, 0, own.text);
});

test('with --conformance a plugin that names the plugin API as a package is held to its contract', async (t) => {
  const plugin = (decode: string): string =>
    `import { definePlugin } from '@portcullis/contracts';\nimport { z } from 'zod';
export const p = definePlugin({
  name: 'p', apiVersion: 1, proto: 'p', topics: ['p/#'], config: z.strictObject({}), decode: ${decode} });\n`;
  const contract = `${head}exports: { variables: [{ name: p }] }
imports: { packages: [{ name: zod, version: '^4' }, { name: '@portcullis/contracts', version: '^1' }] }\n`;
  const { run } = await site(t, {
    'right/plugin.ts': plugin('() => []'),
    'right/contract.yaml': contract,
    'wrong/plugin.ts': plugin('() => 5'),
    'wrong/contract.yaml': contract,
  });
  const check = (folder: string) => run([folder], { conformance: true }, { provided: providedModules });
  const right = await check('right');
  assert.equal(right.exit, 0, right.text);
  assert.match((await check('wrong')).text, /PC-S001[^]*TS2322/);
});

const codec = (top = ''): string => `import { z } from 'zod';
${top}
export default { name: 'p', apiVersion: 1, proto: 'p', topics: ['p/#'], config: z.strictObject({}), decode: () => [] };
`;
const example = 'conformance: { examples: [{ call: decode, args: [{ topic: p/1, payload: x }], expect: [] }] }\n';

test('with --live an admitted plugin plays the examples of its contract, and the report says that it ran', async (t) => {
  const { run } = await site(t, {
    'p/plugin.js': codec(),
    'p/contract.yaml': head + example,
    'lies/plugin.js': codec(),
    'lies/contract.yaml': head + example.replace('expect: []', 'expect: [1]'),
  });
  const provided = () => [{ name: 'zod', version: '4.0.0' }];
  const kept = await run(['p'], { live: true, format: 'json' }, { provided });
  assert.deepEqual([kept.exit, (JSON.parse(kept.text) as { executed: boolean }).executed], [0, true]);
  const lying = await run(['lies'], { live: true }, { provided });
  assert.equal(lying.exit, 1);
  assert.match(lying.text, /PC-R206[^]*contract\.yaml:\d+ \(conformance\.examples\)[^]*expected 1, got nothing/);
  assert.match(lying.text, /The plugin ran in a process of its own/);
});

test('what is denied statically does not run with --live either', async (t) => {
  const trace = `import { writeFileSync } from 'node:fs'; writeFileSync('${join(tmpdir(), 'never')}', '');`;
  const { run } = await site(t, {
    'p/plugin.js': codec(trace),
    'p/contract.yaml': `${head}imports: { builtins: [] }\n${example}`,
  });
  const { exit, text } = await run(['p'], { live: true, format: 'json' });
  assert.deepEqual([exit, (JSON.parse(text) as { executed: boolean }).executed], [1, false]);
});
