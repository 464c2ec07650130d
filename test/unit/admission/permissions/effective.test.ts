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
    trust: 'full',
  });
});
