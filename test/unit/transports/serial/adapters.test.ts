import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { findAdapter, identityOf, listAdapters } from '../../../../gateway/transports/serial/adapters.ts';
import { machine } from './usb-machine.ts';

const ftdi = { vendor: '0403', product: '6001' };

test('an adapter is found by what it is, whichever name the kernel gave it', async (t) => {
  const places = machine(t, [
    { tty: 'ttyUSB0', usb: '1-1.2', serial: 'BBB' },
    { tty: 'ttyUSB1', usb: '1-1.3', serial: 'AAA' },
  ]);
  const adapters = await listAdapters(places);
  const path = join(places.dev, 'ttyUSB1');
  assert.deepEqual(findAdapter({ ...ftdi, serial: 'AAA' }, adapters), { is: 'found', path });
  assert.deepEqual(findAdapter({ byId: 'usb-FTDI_AAA-if00-port0' }, adapters), { is: 'found', path });
  assert.deepEqual(findAdapter({ ...ftdi, serial: 'CCC' }, adapters), { is: 'missing' });
});

test('two adapters that fit are not guessed between; their interfaces tell the ports of one apart', async (t) => {
  const places = machine(t, [
    { tty: 'ttyUSB0', usb: '1-1.2', interface: '00' },
    { tty: 'ttyUSB1', usb: '1-1.2', interface: '01' },
  ]);
  const adapters = await listAdapters(places);
  assert.equal(findAdapter(ftdi, adapters).is, 'ambiguous');
  assert.deepEqual(findAdapter({ ...ftdi, interface: '01' }, adapters), {
    is: 'found',
    path: join(places.dev, 'ttyUSB1'),
  });
});

test('a machine without adapters has none, and the identity does not hold a device node', async (t) => {
  assert.deepEqual(await listAdapters(machine(t, [])), []);
  assert.deepEqual(await listAdapters({ ttys: '/not/there', dev: '/not/there' }), []);
  assert.equal(identityOf({ ...ftdi, serial: 'AAA', interface: '00' }), 'usb-0403-6001-AAA-if00');
});
