import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkEnvironment } from '../../../../gateway/admission/host/environment.ts';
import { readFacts } from '../../../../gateway/admission/host/facts-file.ts';
import { readContract } from '../../../../gateway/admission/language/read-contract.ts';

function check(rules: string, host: Record<string, unknown>) {
  const text = `apiVersion: plugin-contract/v1\nkind: PluginContract\nenvironment: { ${rules} }`;
  const rule = readContract(Buffer.from(text), 'c').document?.value.environment;
  const { facts } = readFacts(Buffer.from(JSON.stringify(host)), 'host.json');
  assert.ok(rule && facts);
  return checkEnvironment(rule, facts, 'environment');
}
const codes = (rules: string, env: Record<string, unknown>): string[] => check(rules, { env }).map(({ code }) => code);

for (const [rules, value, wanted] of [
  ['variables: [{ name: V }]', 'anything', []],
  ['variables: [{ name: V }]', undefined, ['PC-E101']],
  ['variables: [{ name: V, required: false }]', undefined, []],
  ['variables: [{ name: V, default: 3 }]', undefined, []],
  ['variables: [{ name: V, value: prod }]', 'test', ['PC-E102']],
  ['variables: [{ name: V, value: true }]', 'true', []],
  ['variables: [{ name: V, value: true }]', 'yes', ['PC-E102']],
  ['variables: [{ name: V, value: 5 }]', '5', []],
  ['variables: [{ name: V, value: "05" }]', '5', ['PC-E102']],
  ['variables: [{ name: V, oneOf: [prod, test] }]', 'test', []],
  ['variables: [{ name: V, oneOf: [prod, test] }]', 'dev', ['PC-E102']],
  ['variables: [{ name: V, type: integer, minimum: 100 }]', '100', []],
  ['variables: [{ name: V, type: integer, minimum: 100 }]', '99', ['PC-E102']],
  ['variables: [{ name: V, type: integer }]', '1.5', ['PC-E102']],
  ['variables: [{ name: V, type: integer }]', '', ['PC-E102']],
  ['variables: [{ name: V, type: boolean }]', 'TRUE', ['PC-E102']],
  ['variables: [{ name: V, pattern: "^a+$" }]', 'aab', ['PC-E102']],
  ['secrets: [{ name: V }]', 's', []],
  ['secrets: [{ name: V }]', '', ['PC-E103']],
  ['secrets: [{ name: V }]', undefined, ['PC-E103']],
  ['secrets: [{ name: V, minLength: 4 }]', 'abc', ['PC-E104']],
  ['secrets: [{ name: V, pattern: "^[a-z]+$" }]', 'ABC', ['PC-E104']],
  ['secrets: [{ name: V, source: [file, keystore] }]', 'in the environment', ['PC-E103']],
] as const) {
  test(`${rules} with ${value === undefined ? 'nothing' : JSON.stringify(value)}: ${wanted.join() || 'fits'}`, () => {
    assert.deepEqual(codes(rules, value === undefined ? {} : { V: value }), wanted);
  });
}

test('a secret of the keystore counts where the environment does not', () => {
  assert.deepEqual(check('secrets: [{ name: V, source: [keystore] }]', { secrets: { V: 'x' } }), []);
});

test('no violation holds a value', () => {
  const rules = 'variables: [{ name: A, value: x }, { name: B, type: integer }], secrets: [{ name: C, minLength: 99 }]';
  const env = { A: 'canary-one', B: 'canary-two', C: 'canary-three' };
  const found = check(rules, { env });
  assert.equal(found.length, 3);
  assert.doesNotMatch(JSON.stringify(found), /canary/);
});
