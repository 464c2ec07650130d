import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { admitPlugins } from '../../../gateway/admission/admit-plugins.ts';
import { analysePlugin } from '../../../gateway/admission/code/analyse-plugin.ts';
import { readFacts } from '../../../gateway/admission/host/facts-file.ts';
import { pluginApiName, providedModules } from '../../../gateway/admission/provided-modules.ts';

const root = join(import.meta.dirname, '../../..');
const { facts } = readFacts(Buffer.from('{ "arch": "armv7l", "os": "linux", "node": "24.21.0" }'), 'a Raspberry Pi');

const admitted = async (provided = providedModules(join(root, 'plugins/any'))) => {
  assert.ok(facts);
  const options = {
    contracts: [join(root, 'contracts/plugins')],
    facts: () => facts,
    analyse: analysePlugin,
    provided,
  };
  return admitPlugins(join(root, 'plugins'), { ...options, log: pino({ level: 'silent' }) });
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

test('without the plugin API among the provided modules none is admitted: their import would leave the package', async () => {
  const without = providedModules(join(root, 'plugins/any')).filter(({ name }) => name !== pluginApiName);
  for (const { name, check } of await admitted(without)) {
    assert.ok(
      check.violations.some(({ code }) => code === 'PC-D110'),
      name,
    );
  }
});
