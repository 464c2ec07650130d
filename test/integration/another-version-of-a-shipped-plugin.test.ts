import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../gateway/config/load-config.ts';
import { systemClock } from '../../gateway/lib/clock.ts';
import { openPlugins } from '../../gateway/hosting/open-plugins.ts';
import { runInstall, runRollback } from '../../gateway/cli/plugin-versions.ts';
import { listen } from '../../gateway/observability/channels.ts';
import { silent } from '../unit/buffer/buffer-fixture.ts';
import { packed, site, tasmotaCandidate } from '../unit/cli/plugin-candidates.ts';

test('an installed version runs in the place of the shipped one, and after the rollback the shipped one does', async (t) => {
  t.mock.method(console, 'log', () => undefined);
  const { dir, config } = await site(t);
  const bundle = await packed(await tasmotaCandidate(dir, '0.2.0'));
  assert.equal(await runInstall(bundle, { config, yes: true }), 0);
  const whereTasmotaRuns = async (): Promise<readonly string[]> => {
    await using plugins = await openPlugins(await loadConfig(config), { log: silent, clock: systemClock });
    const { cells, threads } = plugins;
    return [...cells.map(({ name }) => `cell ${name}`), ...threads.map(({ name }) => `thread ${name}`)].filter((one) =>
      one.endsWith(' tasmota'),
    );
  };
  assert.deepEqual(await whereTasmotaRuns(), ['cell tasmota']);
  await runRollback('tasmota', { config });
  assert.deepEqual(await whereTasmotaRuns(), ['thread tasmota']);
});

test('a name is shown once, with the version behind it; a stand-in does not end the alarm about a refused one', async (t) => {
  t.mock.method(console, 'log', () => undefined);
  const { dir, plugins, config } = await site(t);
  const alarms = new Map<string, boolean>();
  using _listening = listen('alarm', ({ subject, active }) => alarms.set(subject, active));
  const tasmota = async () => {
    await using open = await openPlugins(await loadConfig(config), { log: silent, clock: systemClock });
    const rows = open.status().filter(({ name }) => name === 'tasmota');
    assert.equal(rows.length, 1);
    const [{ version, origin, decision, runs, insteadOf = [] } = assert.fail()] = rows;
    const others = insteadOf.map((one) => `${one.origin} ${one.version} ${one.decision}`);
    return [`${origin} ${version} ${decision} ${runs}`, ...others];
  };
  const good = await packed(await tasmotaCandidate(dir, '0.2.0'));
  await copyFile(good, join(plugins, 'tasmota.plugin.tgz'));
  assert.deepEqual(await tasmota(), ['site 0.2.0 ADMIT in a process of its own', 'shipped 0.1.0 ADMIT']);
  assert.equal(alarms.get('tasmota'), false);
  const greedy = await packed(
    await tasmotaCandidate(dir, '0.3.0', [['index.ts', 'import ', "import 'node:fs';\nimport "]]),
  );
  await copyFile(greedy, join(plugins, 'tasmota.plugin.tgz'));
  assert.deepEqual(await tasmota(), ['shipped 0.1.0 ADMIT in the decode threads', 'site 0.3.0 DENY']);
  assert.equal(alarms.get('tasmota'), true);
});
