import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { admitPlugins } from '../../../gateway/admission/admit-plugins.ts';
import type { AdmitOptions } from '../../../gateway/admission/admit-plugins.ts';
import { packBundle } from '../../../gateway/admission/bundle/bundle.ts';
import { readFacts } from '../../../gateway/admission/host/facts-file.ts';
import { generateSigner } from '../../../gateway/admission/integrity/signature.ts';
import type { DecisionRecord } from '../../../gateway/admission/record/decision-record.ts';
import { checkDecisionLog, openDecisionLog } from '../../../gateway/admission/record/decision-log.ts';
import { readSourceTree } from '../../../gateway/admission/source-tree.ts';
import { contentStore } from '../../../gateway/admission/store.ts';
import type { Violation } from '../../../gateway/admission/types.ts';
import { violation } from '../../../gateway/admission/violation.ts';

const contract =
  'apiVersion: plugin-contract/v1\nkind: PluginContract\nprofile: structural\nenvironment: { secrets: [{ name: TOKEN }] }\n';
const { facts } = readFacts(Buffer.from('{ "arch": "arm64", "os": "linux", "env": { "TOKEN": "canary-value" } }'), 'h');
const { facts: bare } = readFacts(Buffer.from('{ "arch": "arm64", "os": "linux" }'), 'h');

async function site(t: TestContext) {
  const root = await mkdtemp(join(tmpdir(), 'admit-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const plugins = join(root, 'plugins');
  const contracts = join(root, 'contracts');
  await mkdir(contracts);
  const add = async (name: string, withContract = true): Promise<void> => {
    await mkdir(join(plugins, name), { recursive: true });
    await writeFile(join(plugins, name, 'package.json'), `{"name":"${name}","version":"1.0.0"}`);
    await writeFile(join(plugins, name, 'index.js'), 'export const x = 1;');
    if (withContract) await writeFile(join(contracts, `${name}.contract.yaml`), contract);
  };
  const lines: string[] = [];
  assert.ok(facts && bare);
  const options = {
    contracts: [contracts],
    facts: (name: string) => (name === 'poor' ? bare : facts),
    analyse: () => Promise.resolve([]),
    log: pino({ level: 'trace' }, { write: (line: string) => lines.push(line) }),
  } satisfies AdmitOptions;
  return { root, plugins, add, options, lines };
}

test('one refused plugin keeps no other out, and each decision is on record', async (t) => {
  const { root, plugins, add, options, lines } = await site(t);
  await Promise.all([add('good'), add('poor'), add('nocontract', false)]);
  await mkdir(join(plugins, 'fixtures'));
  await symlink(join(plugins, 'good'), join(plugins, 'linked'));
  const key = createPrivateKey(generateSigner().privatePem);
  const file = join(root, 'decisions.jsonl');
  {
    await using records = await openDecisionLog(file, key);
    const found = await admitPlugins(plugins, { ...options, records, store: contentStore(join(root, 'store')) });
    assert.deepEqual(
      found.map(({ name, check }) => `${name} ${check.decision} ${check.violations.map(({ code }) => code).join()}`),
      ['good ADMIT ', 'nocontract ERROR PC-C101', 'poor DENY PC-E103'],
    );
    assert.equal(found[2]?.run, undefined);
    const [good] = found;
    assert.ok(good?.run);
    assert.ok(good.run.folder.startsWith(join(root, 'store/sha256')));
    assert.equal(await readFile(join(good.run.folder, good.run.entry), 'utf8'), 'export const x = 1;');
  }
  assert.equal((await checkDecisionLog(file, createPublicKey(key))).records, 2);
  assert.doesNotMatch(lines.join('') + (await readFile(file, 'utf8')), /canary/);
});

test('code that was analysed without a finding is not analysed again until anything that counts changes', async (t) => {
  const { root, plugins, add, options } = await site(t);
  await add('good');
  const key = createPrivateKey(generateSigner().privatePem);
  const file = join(root, 'decisions.jsonl');
  let found: readonly Violation[] = [];
  const analysed = async (change: Partial<AdmitOptions> = {}): Promise<boolean> => {
    let asked = false;
    const analyse = () => {
      asked = true;
      return Promise.resolve(found);
    };
    // The log is opened anew each time, as at a start.
    await using records = await openDecisionLog(file, key);
    await admitPlugins(plugins, { ...options, analyse, records, engine: 'e1', ...change });
    return asked;
  };
  assert.equal(await analysed(), true);
  assert.equal(await analysed(), false);
  assert.equal(await analysed(), false);
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as DecisionRecord).analysis.reused),
    [false, true, true],
  );
  assert.equal(await analysed({ engine: 'e2' }), true);
  assert.equal(await analysed({ facts: () => ({ ...options.facts('good'), arch: 'x64' }) }), true);
  await writeFile(join(plugins, 'good/index.js'), 'export const x = 2;');
  found = [violation('PC-S106', 'plugin.sideEffects', { severity: 'warning' })];
  assert.equal(await analysed(), true);
  assert.equal(await analysed(), true, 'a finding, even a warning, is looked for again');
  found = [];
  assert.equal(await analysed({ contracts: [join(root, 'elsewhere')] }), false, 'no contract: nothing to analyse');
  assert.equal(await analysed(), true);
});

test('a contract inside the plugin itself is not asked', async (t) => {
  const { plugins, add, options } = await site(t);
  await add('own', false);
  await writeFile(join(plugins, 'own/contract.yaml'), contract);
  const [own] = await admitPlugins(plugins, options);
  assert.equal(own?.check.decision, 'ERROR');
});

test('a bundle is unpacked into the store, and left out where there is none', async (t) => {
  const { root, plugins, add, options } = await site(t);
  await add('good');
  const signer = generateSigner();
  const tree = await readSourceTree(join(plugins, 'good'));
  const bundle = packBundle(tree, { id: 'k', key: createPrivateKey(signer.privatePem), at: new Date() });
  const dropped = join(root, 'dropped');
  await mkdir(dropped);
  await writeFile(join(dropped, bundle.name), bundle.bytes);
  assert.deepEqual(await admitPlugins(dropped, options), []);
  const [admitted] = await admitPlugins(dropped, { ...options, store: contentStore(join(root, 'store')) });
  assert.equal(admitted?.name, 'good');
  assert.equal(await readFile(join(admitted.run?.folder ?? '', 'index.js'), 'utf8'), 'export const x = 1;');
});

test('a bundle that is cut short is refused like any plugin', async (t) => {
  const { root, options } = await site(t);
  const dropped = join(root, 'dropped');
  await cp(join(root, 'contracts'), dropped, { recursive: true });
  await writeFile(join(options.contracts[0] ?? '', 'bad.contract.yaml'), contract);
  await writeFile(join(dropped, 'bad-1.0.0.plugin.tgz'), 'no gzip');
  const [bad] = await admitPlugins(dropped, { ...options, store: contentStore(join(root, 'store')) });
  assert.equal(bad?.check.decision, 'DENY');
  assert.equal(bad.check.violations[0]?.code, 'PC-S001');
});
