import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commands } from '../../../gateway/cli/commands.ts';

test('every command is found by the name that it has in the help', async () => {
  const names = await Promise.all([...commands.values()].map(async (make) => (await make()).name()));
  assert.deepEqual([...commands.keys()], names);
});
