import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../../gateway/config/parse-config.ts';
import { endpointOf, environmentOf, hosts, type TuyaConfig } from '../../../gateway/config/tuya-schema.ts';
import { checkEnvironment } from '../../../gateway/doctor/check-tuya.ts';

function tuya(keys: Readonly<Record<string, unknown>>): TuyaConfig {
  const { cloud } = parseConfig(
    JSON.stringify({ dataDir: '/d', cloud: { tuya: { clientId: 'c', secretFile: 's', ...keys } } }),
    'f',
  );
  assert.ok(cloud.tuya);
  return cloud.tuya;
}
const states = (keys: Readonly<Record<string, unknown>>) =>
  checkEnvironment(tuya(keys)).map(({ check, state }) => `${check}: ${state}`);

test('an environment has an endpoint of its own: dev the local cloud, the others the data centre of the region', () => {
  assert.equal(endpointOf(tuya({ environment: 'dev' })), 'https://127.0.0.1:8443');
  for (const [region, host] of Object.entries(hosts)) {
    assert.equal(endpointOf(tuya({ environment: 'uat', region })), `https://${host}`);
  }
  assert.equal(endpointOf(tuya({ endpoint: 'https://cloud.example' })), 'https://cloud.example');
  assert.throws(() => tuya({ environment: 'prod' }), /needs an endpoint or a region/);
});

test('an environment that nobody named follows from the endpoint', () => {
  assert.equal(environmentOf(tuya({ endpoint: 'https://localhost:8443' })), 'dev');
  assert.equal(environmentOf(tuya({ region: 'eu' })), 'prod');
});

test('dev away from this machine, prod on it, and two regions at once are faults', () => {
  assert.deepEqual(states({ environment: 'dev' }), ['cloud environment: ok']);
  assert.deepEqual(states({ environment: 'test', region: 'eu' }), ['cloud environment: ok']);
  assert.deepEqual(states({ environment: 'prod', endpoint: 'https://127.0.0.1:8443' }), ['cloud environment: fail']);
  assert.deepEqual(states({ environment: 'dev', region: 'eu' }), ['cloud environment: fail']);
  assert.deepEqual(states({ region: 'us', endpoint: `https://${hosts.eu}` }), [
    'cloud environment: ok',
    'cloud region: fail',
  ]);
});

test('calls that only the local cloud has are pointed out before the public one', () => {
  assert.deepEqual(states({ region: 'eu', longPoll: true }), ['cloud environment: ok', 'cloud calls: warn']);
  assert.deepEqual(states({ environment: 'dev', longPoll: true, batch: true }), ['cloud environment: ok']);
});
