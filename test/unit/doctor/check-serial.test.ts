import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSchema } from '../../../gateway/config/schema.ts';
import { checkSerial } from '../../../gateway/doctor/check-serial.ts';
import { machine } from '../transports/serial/usb-machine.ts';

const wants = (serial: string) => ({
  adapter: { vendor: '0403', product: '6001', serial },
  protocol: { as: 'modbus-rtu' },
});

test('the doctor names the adapter of each port, and for one that is missing what could be written', async (t) => {
  const places = machine(t, [{ tty: 'ttyUSB0', usb: '1-1.2', serial: 'AAA' }]);
  const config = configSchema.parse({ dataDir: '/d', serial: { ports: { here: wants('AAA'), gone: wants('BBB') } } });
  const [here, gone] = await checkSerial(config, places);
  assert.equal(here?.state, 'ok');
  assert.equal(gone?.state, 'warn');
  assert.match(gone?.mend ?? '', /\{ vendor: "0403", product: "6001", serial: "AAA", interface: "00" \}/);
});

test('an adapter named by a device node that changes is refused with a sentence', () => {
  const port = { adapter: { path: '/dev/ttyUSB0' }, protocol: { as: 'modbus-rtu' } };
  const parsed = configSchema.safeParse({ dataDir: '/d', serial: { ports: { meters: port } } });
  assert.equal(parsed.success, false);
});
