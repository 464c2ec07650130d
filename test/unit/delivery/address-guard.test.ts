import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { checkEndpoint, endpointLookup } from '../../../gateway/delivery/address-guard.ts';

const refusedEndpoints = [
  'http://openapi.tuyaeu.com',
  'file:///etc/passwd',
  'https://user:pass@openapi.tuyaeu.com',
  'https://169.254.169.254/latest',
  'https://[fe80::1]/',
  'https://0.0.0.0/',
  'https://[::]/',
  'https://224.0.0.1/',
  'no url',
];
for (const endpoint of refusedEndpoints) {
  test(`${endpoint} is refused as a cloud`, () => {
    assert.throws(() => checkEndpoint(endpoint), { code: 'CONFIG_INVALID' });
  });
}

test('an address of this machine counts as meant when it is written out', () => {
  assert.equal(checkEndpoint('https://127.0.0.1:8443').port, '8443');
  assert.equal(checkEndpoint('https://[::1]:8443').port, '8443');
});

const lookup = (endpoint: string, name: string): Promise<unknown> =>
  promisify(endpointLookup(new URL(endpoint)))(name, { all: true });

test('a name that turns out to point into this machine is not connected to', async () => {
  await assert.rejects(lookup('https://cloud.example', 'localhost'), { code: 'SINK_UNAVAILABLE' });
  await assert.rejects(lookup('https://cloud.example', '169.254.169.254'), { code: 'SINK_UNAVAILABLE' });
});

test('localhost is looked up when the operator wrote localhost', async () => {
  const found = (await lookup('https://localhost:8443', 'localhost')) as { address: string }[];
  assert.ok(found.length > 0);
});
