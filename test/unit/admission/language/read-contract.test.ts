import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readContract, readManifest, readPolicy } from '../../../../gateway/admission/language/read-contract.ts';

const head = 'apiVersion: plugin-contract/v1\nkind: PluginContract\n';
const read = (body: string) => readContract(Buffer.from(head + body), 'c.yaml');
const valid = (body: string) => {
  const { document, violations } = read(body);
  assert.deepEqual(violations ?? [], []);
  assert.ok(document);
  return document.value;
};
const wrong = (body: string) => {
  const { violations } = read(body);
  assert.ok(violations?.[0]);
  assert.equal(violations[0].code, 'PC-C101');
  return violations[0];
};

test('reads the annotated thermostat contract whole', () => {
  const bytes = readFileSync(join(import.meta.dirname, '../../../fixtures/thermostat.contract.yaml'));
  const { document, violations } = readContract(bytes, 'thermostat.contract.yaml');
  assert.deepEqual(violations, undefined);
  const contract = document?.value;
  assert.equal(contract?.exports?.functions[0]?.timeoutMs, 2000);
  assert.equal(contract?.resources?.memory, 96 * 1024 * 1024);
  assert.equal(contract?.device?.resources?.[1]?.maxRate, 0.1);
  assert.equal(
    contract?.overlays[0]?.exports[0]?.functions[0]?.at,
    'host.deployments[0].systems[0].modules[0].exports.functions[0]',
  );
});

test('names an unknown key with its path, line and the nearest known key', () => {
  const { path, line, observed } = wrong('exports:\n  functons: []\n');
  assert.equal(path, 'exports.functons');
  assert.equal(line, 4);
  assert.match(observed ?? '', /did you mean "functions"/);
});

test('reports every unknown key at its own line', () => {
  const lines = read('foo: 1\nhost: { deployment: [] }\n').violations?.map(({ path, line }) => `${path}:${line}`);
  assert.deepEqual(lines?.toSorted(), ['foo:3', 'host.deployment:4']);
});

for (const [what, body, says] of [
  ['a bare number as a version', 'plugin: { version: 24 }', /quote the version/],
  [
    'a bare number as a runtime version',
    'host: { deployments: [{ systems: [{ os: linux, runtimes: [{ name: node, version: 24.1 }] }] }] }',
    /quote the version/,
  ],
  ['a text that is no range', 'plugin: { version: "newest" }', /version range/],
  ['an unknown architecture', 'host: { deployments: [{ arch: z80 }] }', /architecture/],
  [
    'a day that no calendar has',
    'enforcement: { waivers: [{ code: PC-E103, owner: j, reason: r, expires: 2026-99-99 }] }',
    /not a date/,
  ],
  ['an image by its tag', 'integrity: { container: { image: "reg/acme:latest" } }', /digest/],
  ['the type any', 'exports: { functions: [{ name: f, returns: any }] }', /says nothing/],
  [
    'a type that is not defined',
    'types: { Reading: string }\nexports: { functions: [{ name: f, returns: Readin }] }',
    /did you mean "Reading"/,
  ],
  [
    'types that refer to each other in a circle',
    'types: { A: "B[]", B: { type: object, properties: { a: A } } }',
    /itself/,
  ],
  [
    'a required property that is not there',
    'types: { A: { type: object, required: [x], properties: {} } }',
    /requires "x"/,
  ],
  ['an entry outside the package', 'plugin: { entry: ../other.js }', /inside the package/],
  ['an export that is declared twice', 'exports: { variables: [{ name: x }], functions: [{ name: x }] }', /twice/],
  [
    'a rest parameter before another',
    'exports: { functions: [{ name: f, params: [{ name: a, rest: true }, { name: b }] }] }',
    /last/,
  ],
  ['a duration without unit', 'resources: { startupTimeout: "5" }', /duration/],
  ['an unknown builtin', 'imports: { builtins: [fss] }', /builtin/],
  ['a topic filter with # inside', 'permissions: { mqtt: { publish: ["a/#/b"] } }', /topic filter/],
] as const) {
  test(`refuses ${what}`, () => assert.match(wrong(body).observed ?? '', says));
}

test('refuses a document of another version or kind', () => {
  assert.match(
    readContract(Buffer.from('apiVersion: plugin-contract/v9\nkind: PluginContract'), 'c').violations?.[0]?.observed ??
      '',
    /v1/,
  );
  assert.ok(readContract(Buffer.from('apiVersion: plugin-contract/v1\nkind: HostPolicy'), 'c').violations);
  assert.ok(readContract(Buffer.from('{}'), 'c').violations);
});

test('strict fills in what grants nothing; structural leaves it unchecked', () => {
  const strict = valid('');
  assert.deepEqual(strict.imports?.packages, []);
  assert.deepEqual(strict.imports?.builtins, []);
  assert.deepEqual(strict.permissions, {});
  assert.deepEqual(strict.environment, {});
  const structural = valid('profile: structural');
  assert.equal(structural.imports, undefined);
  assert.equal(structural.permissions, undefined);
  const silent = valid('profile: structural\nimports: { dynamic: deny }');
  assert.equal(silent.imports?.packages, undefined);
  assert.equal(silent.imports?.capabilities.eval, 'deny');
});

test('a bare builtin is canonical, and addons denied among the permissions are denied among the imports', () => {
  assert.equal(valid('imports: { builtins: [fs] }').imports?.builtins?.[0]?.name, 'node:fs');
  const contract = valid('profile: structural\npermissions: { process: { addons: deny } }');
  assert.equal(contract.imports?.capabilities.nativeAddons, 'deny');
  assert.equal(contract.imports?.packages, undefined);
});

test('tells an omitted value from null, and makes a parameter with a default optional', () => {
  const rules = valid(
    'exports: { variables: [{ name: a }, { name: b, value: null }], functions: [{ name: f, params: [{ name: x, default: null }] }] }',
  ).exports;
  assert.equal(rules?.variables[0]?.value, undefined);
  assert.deepEqual(rules?.variables[1]?.value, { value: null });
  assert.deepEqual(rules?.functions[0]?.params?.[0]?.default, { value: null });
  assert.equal(rules?.functions[0]?.params?.[0]?.optional, true);
});

test('a manifest may not hold what only a contract says, a policy holds trusted keys', () => {
  const manifest = readManifest(
    Buffer.from('apiVersion: plugin-contract/v1\nkind: PluginManifest\nhost: {}'),
    'plugin.yaml',
  );
  assert.match(manifest.violations?.[0]?.observed ?? '', /unknown key "host"/);
  const policy = readPolicy(
    Buffer.from('apiVersion: plugin-contract/v1\nkind: HostPolicy\nkeys: [{ id: k, ed25519: abc }]'),
    'policy.yaml',
  );
  assert.equal(policy.document?.value.keys?.[0]?.id, 'k');
});
