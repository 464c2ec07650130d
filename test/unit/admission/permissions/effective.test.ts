import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readContract, readManifest, readPolicy } from '../../../../gateway/admission/language/read-contract.ts';
import { effectiveGrants } from '../../../../gateway/admission/permissions/effective.ts';

const text = (kind: string, body: string): Buffer =>
  Buffer.from(`apiVersion: plugin-contract/v1\nkind: ${kind}\n${body}`);

function effective(contractBody: string, manifestBody?: string, policyBody?: string) {
  const contract = readContract(text('PluginContract', contractBody), 'c').document?.value;
  assert.ok(contract);
  return effectiveGrants({
    contract,
    manifest:
      manifestBody === undefined ? undefined : readManifest(text('PluginManifest', manifestBody), 'm').document?.value,
    policy: policyBody === undefined ? undefined : readPolicy(text('HostPolicy', policyBody), 'p').document?.value,
  });
}

test('the items of the manifest hold, and of limits the smallest', () => {
  const { permissions } = effective(
    'permissions: { mqtt: { publish: ["gw/#"], maxPayload: 16KiB } }',
    'permissions: { mqtt: { publish: [gw/a] } }',
    'permissions: { mqtt: { publish: ["#"], maxPayload: 1KiB } }',
  );
  assert.deepEqual(permissions.mqtt, { publish: ['gw/a'], maxPayload: 1_024 });
});

test('of limits the smallest of every layer holds, also where the contract is silent', () => {
  const { resources } = effective(
    'resources: { memory: 96MiB, ipc: { rate: 200/s }, restarts: { max: 5, window: 10m } }',
    'resources: { memory: 64MiB, ipc: { message: 1KiB } }',
    'resources: { memory: 128MiB, cpu: 0.5, restarts: { max: 2, window: 1h, then: quarantine } }',
  );
  assert.deepEqual(resources, {
    memory: 64 * 1024 ** 2,
    cpu: 0.5,
    ipc: { rate: 200, message: 1_024 },
    restarts: JSON.parse('{ "max": 2, "window": 3600000, "then": "quarantine" }') as unknown,
  });
});

test('of the environment a plugin gets what the contract names and the manifest does not leave out', () => {
  const contract = 'environment: { secrets: [{ name: A }, { name: B }], variables: [{ name: V }] }';
  const names = (found: ReturnType<typeof effective>) =>
    [...(found.environment.secrets ?? []), ...(found.environment.variables ?? [])].map(({ name }) => name);
  assert.deepEqual(names(effective(contract)), ['A', 'B', 'V']);
  assert.deepEqual(names(effective(contract, 'environment: { secrets: [{ name: B }, { name: C }] }')), ['B']);
});

test('a contract that says nothing grants nothing', () => {
  assert.deepEqual(effective('metadata: { id: a }'), {
    permissions: {},
    environment: { secrets: [], variables: [] },
    resources: {},
    trust: 'full',
  });
});
