import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectiveImports, checkLayers } from '../../../gateway/admission/layering.ts';
import { readContract, readManifest, readPolicy } from '../../../gateway/admission/language/read-contract.ts';

const text = (kind: string, body: string): Buffer =>
  Buffer.from(`apiVersion: plugin-contract/v1\nkind: ${kind}\n${body}`);
function documents(contractBody: string, { manifest, policy }: { manifest?: string; policy?: string }) {
  const contract = readContract(text('PluginContract', contractBody), 'c').document?.value;
  const manifestValue =
    manifest === undefined ? undefined : readManifest(text('PluginManifest', manifest), 'm').document?.value;
  const policyValue = policy === undefined ? undefined : readPolicy(text('HostPolicy', policy), 'p').document?.value;
  assert.ok(contract);
  return {
    contract,
    ...(manifestValue ? { manifest: manifestValue } : {}),
    ...(policyValue ? { policy: policyValue } : {}),
  };
}
function codes(contractBody: string, others: { manifest?: string; policy?: string }, packageName?: string): string[] {
  const { contract, ...rest } = documents(contractBody, others);
  return checkLayers(contract, { ...rest, ...(packageName === undefined ? {} : { packageName }) }).map(
    ({ code, path }) => `${code} ${path}`,
  );
}

for (const [what, contract, others, wanted] of [
  [
    'a manifest within its contract',
    'permissions: { mqtt: { publish: ["a/#"] } }',
    { manifest: 'permissions: { mqtt: { publish: [a/b] } }' },
    [],
  ],
  [
    'a manifest that asks for another topic',
    'permissions: { mqtt: { publish: [a] } }',
    { manifest: 'permissions: { mqtt: { publish: [b] } }' },
    ['PC-P101 permissions.mqtt.publish[0]'],
  ],
  [
    'a manifest that asks under a strict contract without permissions',
    '',
    { manifest: 'permissions: { process: { spawn: allow } }' },
    ['PC-P101 permissions.process.spawn'],
  ],
  [
    'a manifest that asks for a builtin',
    'imports: { builtins: [events] }',
    { manifest: 'imports: { builtins: [fs] }' },
    ['PC-P101 imports.builtins[0]'],
  ],
  [
    'a manifest with a wider range',
    'imports: { packages: [{ name: zod, version: ^4 }] }',
    { manifest: 'imports: { packages: [{ name: zod, version: ">=3" }] }' },
    ['PC-P101 imports.packages[0]'],
  ],
  [
    'a manifest of another version',
    'plugin: { version: ^2 }',
    { manifest: 'plugin: { version: 1.0.0 }' },
    ['PC-S102 plugin.version'],
  ],
  [
    'a manifest with an export that is closed out',
    'exports: { policy: closed }',
    { manifest: 'exports: { functions: [{ name: f }] }' },
    ['PC-S104 exports.policy'],
  ],
  ['a contract within the policy', 'resources: { memory: 64MiB }', { policy: 'resources: { memory: 96MiB }' }, []],
  [
    'a contract above a limit of the policy',
    'resources: { memory: 128MiB }',
    { policy: 'resources: { memory: 96MiB }' },
    ['PC-P101 resources.memory'],
  ],
  [
    'a contract with a socket under a strict policy',
    'permissions: { network: { outbound: ["a:1"] } }',
    { policy: '' },
    ['PC-P101 permissions.network.outbound[0]'],
  ],
  [
    'a contract with a socket under a structural policy',
    'permissions: { network: { outbound: ["a:1"] } }',
    { policy: 'profile: structural' },
    [],
  ],
] as const) {
  test(`${what}: ${wanted.join() || 'fits'}`, () => assert.deepEqual(codes(contract, others), wanted));
}

test('a policy names packages by glob', () => {
  const policy = 'profile: structural\nplugin: { package: "@acme/*" }';
  assert.deepEqual(codes('', { policy }, '@acme/thermo'), []);
  assert.deepEqual(codes('', { policy }, '@evil/thermo'), ['PC-P101 plugin.package']);
  assert.deepEqual(codes('', { policy }), ['PC-P101 plugin.package']);
});

test('the code may import only what contract and manifest both name', () => {
  const { contract, manifest } = documents('imports: { builtins: [events, buffer], packages: [zod] }', {
    manifest: 'imports: { builtins: [events] }',
  });
  const imports = effectiveImports(contract.imports, manifest?.imports);
  assert.deepEqual(
    imports?.builtins?.map(({ name, at }) => `${name} ${at}`),
    ['node:events imports.builtins[0]'],
  );
  assert.deepEqual(
    imports?.packages?.map(({ name }) => name),
    ['zod'],
  );
});
