import assert from 'node:assert/strict';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { packBundle } from '../../gateway/admission/bundle/bundle.ts';
import { generateSigner, readPrivateKey } from '../../gateway/admission/integrity/signature.ts';
import { readSourceTree } from '../../gateway/admission/source-tree.ts';
import { loadConfig } from '../../gateway/config/load-config.ts';
import { systemClock } from '../../gateway/lib/clock.ts';
import { listen } from '../../gateway/observability/channels.ts';
import { openPlugins } from '../../gateway/hosting/open-plugins.ts';
import { silent } from '../unit/buffer/buffer-fixture.ts';
import { site } from '../unit/cli/plugin-candidates.ts';
import { envelope, memoryBuffer, openStage } from '../unit/preprocess/stage.ts';

const contract = `apiVersion: plugin-contract/v1
kind: PluginContract
plugin: { entry: index.js, format: esm, sideEffects: allow }
exports: { policy: closed, variables: [{ name: default, deferToLive: true }] }
imports: { packages: [{ name: zod, version: '^4' }], undeclared: allow }
integrity: { signatures: { anyOf: [{ ed25519: vendor }] } }
`;
const hostile = join(import.meta.dirname, '../fixtures/hostile-plugins/widens-topics-at-load');

/** A site that trusts one vendor, whose signed codecs are `honest` and `widens`, which listens to more when it is loaded. */
async function siteOfSignedCodecs(t: Parameters<typeof site>[0]) {
  const { dir, plugins, config, dataDir } = await site(t);
  const { privatePem, publicBase64 } = generateSigner();
  const key = readPrivateKey(privatePem);
  assert.ok(key);
  await mkdir(join(dataDir, 'contracts'), { recursive: true });
  await writeFile(
    join(dir, 'policy.yaml'),
    `apiVersion: plugin-contract/v1\nkind: HostPolicy\nprofile: structural\nkeys: [{ id: vendor, ed25519: ${publicBase64} }]\n`,
  );
  await writeFile(config, `dataDir: ${dataDir}\nplugins: { dir: ${plugins}, policy: ${join(dir, 'policy.yaml')} }\n`);
  for (const name of ['honest', 'widens']) {
    const folder = join(dir, 'made', name);
    await cp(hostile, folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), `{"name":"${name}","version":"1.0.0","type":"module"}`);
    const source = await readFile(join(folder, 'index.js'), 'utf8');
    if (name === 'honest') await writeFile(join(folder, 'index.js'), source.replace("later[0].topics = ['#'];", ''));
    const { bytes } = packBundle(await readSourceTree(folder), { id: 'vendor', key, at: new Date() });
    await writeFile(join(plugins, `${name}.plugin.tgz`), bytes);
    await writeFile(join(dataDir, `contracts/${name}.contract.yaml`), contract);
  }
  return { config };
}

test('a signed codec runs in the decode threads; one that is another thing when it is loaded does not', async (t) => {
  const { config } = await siteOfSignedCodecs(t);
  await using plugins = await openPlugins(await loadConfig(config), { log: silent, clock: systemClock });
  const rows = plugins.status().filter(({ name }) => name === 'honest' || name === 'widens');
  assert.deepEqual(
    rows.map(({ name, decision, runs, violations }) => [name, decision, runs, violations[0]?.code]),
    [
      ['honest', 'ADMIT', 'in the decode threads', undefined],
      ['widens', 'DENY', 'nowhere', 'PC-R203'],
    ],
  );
});

test('a decode thread compares again: what differs there serves nothing, is denied with an alarm, and the others serve', async (t) => {
  const { config } = await siteOfSignedCodecs(t);
  await using plugins = await openPlugins(await loadConfig(config), { log: silent, clock: systemClock });
  const honest = plugins.threads.find(({ name }) => name === 'honest');
  assert.ok(honest?.expected?.source);
  // As if the module had found out that it is in a thread, and only then listened to more.
  const widened = { ...honest, entry: join(hostile, 'index.js'), fence: undefined };
  const threads = plugins.threads.map((one) => (one === honest ? widened : one));
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer, { plugins: threads });
  const described = stage.plugins().find(({ name }) => name === 'honest');
  assert.equal(described?.refused?.code, 'PC-R203');
  const alarms: string[] = [];
  using _listening = listen('alarm', ({ subject, active }) => active && alarms.push(subject));
  plugins.noteRefused(stage.plugins());
  const shown = plugins.status().find(({ name }) => name === 'honest');
  assert.deepEqual([shown?.decision, shown?.runs, alarms], ['DENY', 'nowhere', ['honest']]);
  const sent = { Time: '2026-07-01T12:00:00', DS18B20: { Temperature: 20.1 } };
  assert.equal((await stage.ingest(envelope('tele/plug/SENSOR', sent))).stored, 1);
  assert.equal((await stage.ingest(envelope('hostile/a', sent))).deadLettered, 1);
});
