import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDevice } from '../../../../gateway/transports/serial/device.ts';
import { openSerial } from '../../../../gateway/transports/serial/open-serial.ts';
import { ptyPair } from '../../../harness/pty-pair.ts';
import { waitUntil } from '../../../harness/wait-until.ts';
import { deps, memoryIngest, portAt } from './serial-rig.ts';
import { machine } from './usb-machine.ts';

const deaf = { onData: () => undefined, onClosed: () => undefined };
const settings = { baudRate: 9600 };

test('an adapter that no port of the configuration uses is lent to one plugin at a time', async (t) => {
  const [free, own] = [await ptyPair(t), await ptyPair(t)];
  const places = machine(t, [
    { tty: 'ttyUSB0', usb: '1-1.2', serial: 'FREE', line: free.ends[0] },
    { tty: 'ttyUSB1', usb: '1-1.3', serial: 'OWN', line: own.ends[0] },
  ]);
  const configured = {
    ...portAt('', { as: 'modbus-rtu' }),
    adapter: { vendor: '0403', product: '6001', serial: 'OWN' },
  };
  await using serial = openSerial([configured], [], { ...deps, ingest: memoryIngest().ingest, places });
  await waitUntil('the own port to open', () => serial.status()[0]?.state === 'open');
  const identity = 'usb-FTDI_FREE-if00-port0';
  assert.deepEqual((await serial.ports.list()).map((port) => port.identity).toSorted(), [
    identity,
    'usb-FTDI_OWN-if00-port0',
  ]);

  const heard: string[] = [];
  const ended: string[] = [];
  const borrower = {
    onData: (bytes: Uint8Array) => heard.push(Buffer.from(bytes).toString()),
    onClosed: (why: string) => ended.push(why),
  };
  const lent = await serial.ports.open(identity, settings, borrower);
  await assert.rejects(serial.ports.open(identity, settings, deaf), { code: 'NOT_ALLOWED' });
  await assert.rejects(serial.ports.open('usb-FTDI_OWN-if00-port0', settings, deaf), { code: 'NOT_ALLOWED' });
  await assert.rejects(serial.ports.open('usb-nobody', settings, deaf), { code: 'FILE_UNREADABLE' });

  await using device = await openDevice(free.ends[1], settings, deaf);
  await device.write(Buffer.from('hello'));
  await waitUntil('the bytes', () => heard.join('') === 'hello');
  await lent[Symbol.asyncDispose]();
  await lent[Symbol.asyncDispose]();
  await using _again = await serial.ports.open(identity, settings, borrower);
  await device.write(Buffer.from(' again'));
  await waitUntil('the bytes after it was lent again', () => heard.join('') === 'hello again');
  assert.deepEqual(ended, []);
  await free.pull();
  await waitUntil('the borrower to be told', () => ended.length === 1);
});
