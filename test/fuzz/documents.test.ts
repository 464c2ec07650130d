import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { PortcullisError } from '../../contracts/errors.ts';
import { readContract, readManifest } from '../../gateway/admission/language/read-contract.ts';
import { parseConfig } from '../../gateway/config/parse-config.ts';
import { readRule } from '../../gateway/rules/language/read-rule.ts';
import { fuzzRuns, mutated, mutatedYaml } from './mutate.ts';
import { Outcomes } from './outcomes.ts';

const root = join(import.meta.dirname, '../..');
const read = (pattern: string): string[] =>
  globSync(pattern, { cwd: root }).map((file) => readFileSync(join(root, file), 'utf8'));

/** The examples of the documentation and the shipped files. */
const configs = [
  ...[...readFileSync(join(root, 'docs/configuration.md'), 'utf8').matchAll(/```yaml\n([^`]*)```/g)].map(
    ([, text = '']) => text,
  ),
  'dataDir: data\nmqtt:\n  host: 0.0.0.0\n  port: 1883\nhttp:\n  port: 8080\n',
];
const contracts = read('contracts/plugins/*.contract.yaml');
const manifests = read('plugins/*/plugin.yaml');

/** Tries texts made of the originals; `take` says whether one was accepted, and asserts the rest. */
function tryAll(t: TestContext, originals: readonly string[], take: (text: string) => boolean): void {
  assert.ok(originals.length > 0);
  const outcomes = new Outcomes<'accepted' | 'refused'>();
  const warn = t.mock.method(process, 'emitWarning');
  const inBytes = mutated(fc.constantFrom(...originals.map((text) => Buffer.from(text))));
  const texts = fc.oneof(
    { weight: 3, arbitrary: mutatedYaml(originals) },
    { weight: 1, arbitrary: inBytes.map((bytes) => bytes.toString()) },
  );
  fc.assert(
    fc.property(texts, (one) => outcomes.add(take(one) ? 'accepted' : 'refused')),
    { numRuns: fuzzRuns(100) },
  );
  outcomes.print(t);
  assert.deepEqual(warn.mock.calls, []);
  assert.ok(outcomes.of('accepted') > 0 && outcomes.of('refused') > 0, 'both ends are reached');
}

test('a configuration with faults is refused in sentences, and nothing else ever happens', (t) => {
  tryAll(t, configs, (text) => {
    try {
      parseConfig(text, 'fuzz.yaml');
      return true;
    } catch (error) {
      assert.ok(error instanceof PortcullisError, String(error));
      assert.equal(error.code, 'CONFIG_INVALID');
      assert.match(error.message, /^fuzz\.yaml/);
      return false;
    }
  });
});

for (const [what, originals, reader] of [
  ['contract', contracts, readContract],
  ['manifest', manifests, readManifest],
] as const) {
  test(`a ${what} with faults is refused with a code and what to do, and nothing else ever happens`, (t) => {
    tryAll(t, originals, (text) => {
      const { violations } = reader(Buffer.from(text), 'fuzz.yaml');
      for (const { code, remedy } of violations ?? []) assert.ok(code !== undefined && remedy.length > 10, remedy);
      return violations === undefined;
    });
  });
}

test('a rule with faults is refused in sentences, and nothing else ever happens', (t) => {
  tryAll(t, read('gateway/rules/shipped/*.yaml'), (text) => {
    try {
      readRule(text, 'fuzz.yaml');
      return true;
    } catch (error) {
      assert.ok(error instanceof PortcullisError, String(error));
      assert.equal(error.code, 'CONFIG_INVALID');
      return false;
    }
  });
});
