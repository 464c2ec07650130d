import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openQuarantine, releaseFromQuarantine } from '../../../gateway/hosting/plugin-quarantine.ts';
import { deps } from '../cells/plugins.ts';

test('a quarantine holds the same bytes at every start, until they are others or released', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'quarantine-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const acme = { name: 'acme', tree: 'aa' };
  const codeAt = async (plugin: typeof acme): Promise<string | undefined> => {
    await using quarantine = await openQuarantine(dir, [plugin], deps);
    return quarantine.faultOf(plugin)?.code;
  };
  assert.equal(await codeAt(acme), undefined);
  {
    await using quarantine = await openQuarantine(dir, [acme], deps);
    quarantine.add('acme', 'it floods');
    quarantine.add('nobody', 'it is not here');
  }
  assert.equal(await codeAt(acme), 'PC-R213');
  assert.equal(await codeAt({ ...acme, tree: 'bb' }), undefined);
  assert.equal(await releaseFromQuarantine(dir, 'acme'), true);
  assert.equal(await releaseFromQuarantine(dir, 'acme'), false);
  assert.equal(await codeAt(acme), undefined);
});
