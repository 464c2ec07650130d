import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { describePlugin, loadPlugins } from '../../../gateway/preprocess/load-plugins.ts';

test('the topics of a plugin follow its configuration', async () => {
  const entry = join(import.meta.dirname, '../../../plugins/zigbee2mqtt/index.ts');
  const loading = await loadPlugins([{ name: 'zigbee2mqtt', entry, config: { base: 'home/z2m' } }]);
  const [loaded] = 'plugins' in loading ? loading.plugins : [];
  assert.ok(loaded);
  const { topics, teaches } = describePlugin(loaded);
  assert.deepEqual([topics, teaches], [['home/z2m/#'], ['home/z2m/bridge/devices', 'home/z2m/bridge/groups']]);
});
