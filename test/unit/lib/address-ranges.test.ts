import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPublic } from '../../../gateway/lib/address-ranges.ts';

const special = [
  '127.0.0.1',
  '0.0.0.0',
  '10.1.2.3',
  '172.31.255.255',
  '192.168.0.1',
  '100.64.0.1',
  '169.254.169.254',
  '198.18.0.1',
  '224.0.0.251',
  '255.255.255.255',
  '::1',
  '::',
  'fe80::1',
  'fc00::1',
  'fd12:3456::1',
  'ff02::fb',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '::ffff:8.8.8.8',
  '64:ff9b::a00:1',
  '2002:7f00:1::1',
  '2001:db8::1',
  'no address',
];
for (const address of special) {
  test(`${address} is no address of the public internet`, () => assert.equal(isPublic(address), false));
}

test('other addresses are', () => {
  for (const address of ['8.8.8.8', '172.32.0.1', '192.167.1.1', '2606:4700::1111', '2a00:1450:4001::1']) {
    assert.equal(isPublic(address), true, address);
  }
});
