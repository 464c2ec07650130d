import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coversTopic, grantsLine, grantsSerial } from '../../../../gateway/cells/handles/grants.ts';

for (const [grant, wanted, granted] of [
  ['gw/a', 'gw/a', true],
  ['gw/a', 'gw/b', false],
  ['gw/+', 'gw/b', true],
  ['gw/+', 'gw/b/c', false],
  ['gw/#', 'gw/b/c', true],
  ['gw/+', 'gw/#', false],
  ['gw/a', 'gw/+', false],
  ['#', '$SYS/broker', false],
  ['gw/${device.id}/up', 'gw/acme:1/up', true],
  ['gw/${device.id}/up', 'gw/acme:/up', false],
  ['gw/${device.id}/up', 'gw/z2m:1/up', false],
  ['gw/${device.id}/up', 'gw/+/up', false],
  ['gw/${device.id}/up', 'gw/${device.id}/up', true],
  ['gw/d-${device.id}/up', 'gw/d-acme:1/up', true],
  ['gw/${site.id}/up', 'gw/home/up', false],
] as const) {
  test(`${grant} ${granted ? 'grants' : 'does not grant'} ${wanted}`, () => {
    assert.equal(coversTopic(grant, wanted, 'acme'), granted);
  });
}

test('a serial port is granted by its ids or path, at the speeds named', () => {
  const port = { path: '/dev/ttyUSB0', vid: '0403', pid: '6001' };
  const grants = [{ match: { vid: '0403', pid: '6001' }, baud: [9_600] }];
  assert.equal(grantsSerial(grants, port, 9_600), true);
  assert.equal(grantsSerial(grants, port, 19_200), false);
  assert.equal(grantsSerial(grants, { ...port, vid: '1a86' }), false);
  assert.equal(grantsSerial([{ match: { path: '/dev/ttyUSB1' } }], port), false);
});

test('a line is granted by chip, number and direction', () => {
  const grants = [{ chip: 'gpiochip0', lines: [17], direction: 'in' as const }];
  assert.equal(grantsLine(grants, { chip: 'gpiochip0', line: 17 }, 'in'), true);
  assert.equal(grantsLine(grants, { chip: 'gpiochip0', line: 17 }, 'out'), false);
  assert.equal(grantsLine(grants, { chip: 'gpiochip1', line: 17 }, 'in'), false);
});
