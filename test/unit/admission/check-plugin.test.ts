import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkPlugin } from '../../../gateway/admission/check-plugin.ts';
import { analysePlugin } from '../../../gateway/admission/code/analyse-plugin.ts';
import { readFacts } from '../../../gateway/admission/host/facts-file.ts';
import type { SourceTree } from '../../../gateway/admission/types.ts';
import { fuzzRuns } from '../../fuzz/mutate.ts';
import { Outcomes } from '../../fuzz/outcomes.ts';

const { facts } = readFacts(Buffer.from('{ "arch": "arm64", "os": "linux", "node": "24.21.0" }'), 'h');
const head = 'apiVersion: plugin-contract/v1\nkind: PluginContract\nprofile: structural\n';
const tree = (files: Record<string, string>): SourceTree => ({
  files: new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])),
  links: new Map(),
});
async function check(files: Record<string, string>, contract: string | Uint8Array) {
  assert.ok(facts);
  const bytes = typeof contract === 'string' ? Buffer.from(contract) : contract;
  return checkPlugin({
    tree: tree(files),
    contract: { file: 'c.yaml', bytes },
    facts,
    analyse: analysePlugin,
    today: '2026-11-21',
  });
}

test('no text whatever as contract, manifest or package.json is admitted by accident or makes the check throw', async (t) => {
  const outcomes = new Outcomes<string>();
  const real = readFileSync(join(import.meta.dirname, '../../fixtures/thermostat.contract.yaml'), 'utf8');
  const cut = fc
    .tuple(fc.nat(real.length), fc.nat(40), fc.string())
    .map(([at, gone, put]) => real.slice(0, at) + put + real.slice(at + gone));
  await fc.assert(
    fc.asyncProperty(fc.oneof(cut, fc.string(), fc.uint8Array({ maxLength: 200 })), async (contract) => {
      const { decision, exit } = await check({ 'plugin.js': '' }, contract);
      assert.notEqual(decision, 'ADMIT');
      assert.ok(exit === 1 || exit === 2);
      outcomes.add(decision);
    }),
    { numRuns: fuzzRuns(150) },
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
      const ofManifest = await check({ 'plugin.js': '', 'plugin.yaml': text }, head);
      assert.notEqual(ofManifest.exit, 0);
      outcomes.add(ofManifest.decision);
      assert.equal((await check({ 'plugin.js': '', 'package.json': text }, head)).exit < 3, true);
    }),
    { numRuns: fuzzRuns(60) },
  );
  outcomes.print(t);
});

test('everything that is wrong is reported at once', async () => {
  const body = `${head}plugin: { version: ^2 }\nexports: { functions: [{ name: run }] }\nimports: { builtins: [] }\nenvironment: { secrets: [{ name: T }] }\nhost: { deployments: [{ arch: x64 }] }\nintegrity: { provenance: { required: true } }\npermissions: { process: { workers: allow } }\n`;
  const { violations } = await check({ 'plugin.js': "import 'node:fs';", 'package.json': '{"version":"1.0.0"}' }, body);
  const codes = new Set(violations.map(({ code }) => code));
  for (const code of ['PC-S102', 'PC-S101', 'PC-D101', 'PC-E103', 'PC-H104', 'PC-I105', 'PC-P102'] as const)
    assert.ok(codes.has(code), code);
});

test('a violation names the line of its rule', async () => {
  const { violations } = await check(
    { 'plugin.js': '' },
    `${head}exports:\n  functions:\n    - name: run\n    - name: stop\n`,
  );
  assert.deepEqual(
    violations.map(({ contractLine, path }) => `${path} ${contractLine}`),
    ['exports.functions[0] 6', 'exports.functions[1] 7'],
  );
});

test('the overlay of the matching system holds, that of another does not', async () => {
  const body = (os: string): string =>
    `${head}host: { deployments: [{ arch: arm64, systems: [{ os: ${os}, exports: { functions: [{ name: onlyHere }] } }, { os: linux }] }] }\n`;
  assert.deepEqual(
    (await check({ 'plugin.js': '' }, body('linux'))).violations.map(({ code }) => code),
    ['PC-S101'],
  );
  assert.equal((await check({ 'plugin.js': '' }, body('win32'))).decision, 'ADMIT');
});

test('the environment of one alternative does not satisfy another', async () => {
  const body = `${head}host: { deployments: [{ systems: [{ os: linux, environment: { variables: [{ name: R }] } }, { os: win32 }] }] }\n`;
  const { violations } = await check({ 'plugin.js': '' }, body);
  assert.deepEqual(
    violations.map(({ code, path }) => `${code} ${path}`),
    ['PC-E101 host.deployments[0].systems[0].environment.variables[0]'],
  );
});

test('exports that the manifest claims and the code does not have are denied, also where the contract is silent', async () => {
  const claims = (name: string): string =>
    `apiVersion: plugin-contract/v1\nkind: PluginManifest\nexports: { functions: [{ name: ${name} }] }\n`;
  const code = { 'plugin.js': 'export function run() {}' };
  assert.equal((await check({ ...code, 'plugin.yaml': claims('run') }, head)).decision, 'ADMIT');
  const { violations } = await check({ ...code, 'plugin.yaml': claims('stop') }, head);
  assert.deepEqual(
    violations.map(({ code: id, path }) => `${id} ${path}`),
    ['PC-S101 manifest.exports.functions[0]'],
  );
});
