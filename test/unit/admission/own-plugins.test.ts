import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { admitPlugins, type AdmitOptions } from '../../../gateway/admission/admit-plugins.ts';
import { analysePlugin } from '../../../gateway/admission/code/analyse-plugin.ts';
import { generateSigner } from '../../../gateway/admission/integrity/signature.ts';
import { readFacts } from '../../../gateway/admission/host/facts-file.ts';
import { pluginApiName, providedModules } from '../../../gateway/admission/provided-modules.ts';

const root = join(import.meta.dirname, '../../..');
const { facts } = readFacts(Buffer.from('{ "arch": "armv7l", "os": "linux", "node": "24.21.0" }'), 'a Raspberry Pi');

const admitted = async (provided = providedModules(join(root, 'plugins/any')), more: Partial<AdmitOptions> = {}) => {
  assert.ok(facts);
  const options = {
    contracts: [join(root, 'contracts/plugins')],
    facts: () => facts,
    analyse: analysePlugin,
    provided,
  };
  return admitPlugins(join(root, 'plugins'), { ...options, log: pino({ level: 'silent' }), ...more });
};

test('every plugin of this repository passes its own contract on a Raspberry Pi, without a word', async () => {
  const found = await admitted();
  // Even for a warning every start of every gateway would load the parser and look again.
  const said = found.flatMap(({ name, check }) =>
    check.violations.map((one) => `${name} ${one.code} ${one.file}:${one.line} ${one.observed}`),
  );
  assert.deepEqual(said, []);
  const folders = readdirSync(join(root, 'plugins'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(
    found.map(({ name }) => name),
    folders.map(({ name }) => name).toSorted(),
  );
});

test('under the policy of the guide the shipped plugins run, and the same ones from elsewhere are of no trusted vendor', async (t) => {
  const guide = await readFile(join(root, 'docs/contracts.md'), 'utf8');
  const blocks = guide.split('```yaml\n').map((text) => text.split('```')[0] ?? '');
  const example = blocks.find((block) => block.includes('\nkind: HostPolicy')) ?? '';
  const folder = await mkdtemp(join(tmpdir(), 'policy-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const policy = join(folder, 'policy.yaml');
  await writeFile(policy, example.replace(/ed25519: [^,]+/, `ed25519: ${generateSigner().publicBase64}`));
  for (const { name, check } of await admitted(undefined, { policy, origin: 'shipped' }))
    assert.deepEqual([check.decision, check.violations], ['ADMIT', []], name);
  for (const { name, check } of await admitted(undefined, { policy })) {
    const codes = new Set(check.violations.map(({ code, path }) => `${code} ${path}`));
    assert.deepEqual(codes, new Set(['PC-I105 ', 'PC-P101 plugin.package']), name);
  }
});

test('without the plugin API among the provided modules none is admitted: their import would leave the package', async () => {
  const without = providedModules(join(root, 'plugins/any')).filter(({ name }) => name !== pluginApiName);
  for (const { name, check } of await admitted(without)) {
    assert.ok(
      check.violations.some(({ code }) => code === 'PC-D110'),
      name,
    );
  }
});
