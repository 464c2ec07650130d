import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deviceName, thirdId } from '../../../../gateway/delivery/tuya/third-id.ts';

test('an id is at most 64 alphanumerics and a name 4 to 50 characters, whatever the device is called', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }), (device) => {
      assert.match(thirdId('gw', device), /^[A-Za-z0-9]{1,64}$/);
      assert.equal(thirdId('gw', device), thirdId('gw', device));
      const name = deviceName(device);
      assert.ok(name.length >= 4 && name.length <= 50, name);
    }),
  );
});

test('two houses may name a device alike, and flattening keeps devices apart', () => {
  assert.notEqual(thirdId('gw-a', 'kitchen'), thirdId('gw-b', 'kitchen'));
  assert.notEqual(thirdId('gw', 'a:b'), thirdId('gw', 'ab'));
  assert.notEqual(thirdId('gw-a', 'b'), thirdId('gw', '-ab'));
});
