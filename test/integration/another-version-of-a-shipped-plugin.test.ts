import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../gateway/config/load-config.ts';
import { systemClock } from '../../gateway/lib/clock.ts';
import { openPlugins } from '../../gateway/open-plugins.ts';
import { runInstall, runRollback } from '../../gateway/cli/plugin-versions.ts';
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
