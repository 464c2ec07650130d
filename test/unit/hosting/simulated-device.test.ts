import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultLimits } from '../../../gateway/cells/options.ts';
import { rehearsePlugin } from '../../../gateway/hosting/simulated-device.ts';
import { api, deps, zod } from '../cells/plugins.ts';
import { join } from 'node:path';

/** A shipped plugin as a cell would run it. */
function planOf(name: string) {
  const root = join(import.meta.dirname, '../../../plugins', name);
  const provided = {
    zod,
    '@portcullis/contracts': api,
    [join(import.meta.dirname, '../../../contracts/index.ts')]: api,
  };
  return {
    name,
    entry: join(root, 'index.ts'),
    fence: { root, provided },
    config: {},
    expected: { contract: { closed: false, exports: [] } },
    limits: { ...defaultLimits, startupMs: 30_000 },
  };
}

test('a contract names a simulated device that its plugin must understand; one that nobody has is refused', async () => {
  const played = async (simulator: string) => {
    const fault = await rehearsePlugin(planOf('tasmota'), { examples: [], simulator }, deps);
    return fault === undefined ? 'kept' : `${fault.code} ${fault.detail}`;
  };
  assert.equal(await played('tasmota'), 'kept');
  assert.match(await played('shelly-gen2'), /^PC-R206 nothing that the simulated device says becomes a reading$/);
  assert.match(
    await played('modbus-thermostat'),
    /^PC-R206 there is no simulated device modbus-thermostat; there are /,
  );
});
