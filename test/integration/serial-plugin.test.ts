import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDevice } from '../../gateway/transports/serial/device.ts';
import { openSerial } from '../../gateway/transports/serial/open-serial.ts';
import { ptyPair } from '../harness/pty-pair.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { openPorts, openStarted } from '../unit/cells/handles/rig.ts';
import { deps, memoryIngest } from '../unit/transports/serial/serial-rig.ts';
import { machine } from '../unit/transports/serial/usb-machine.ts';

/** Asks for what it was granted and what it was not, then talks to its meter and tells what it hears, to its end. */
const start = `
  const say = (text) => handles.ingest({ topic: 'said', payload: text });
  const ports = await handles.serial.ports();
  await say('sees ' + ports.map(({ identity }) => identity).join());
  const refused = (wish) => wish.then(() => 'lent', ({ code }) => code);
  const deaf = { onData() {} };
  await say('other adapter ' + await refused(handles.serial.open('usb-FTDI_OTHER-if00-port0', { baudRate: 9600 }, deaf)));
  await say('other speed ' + await refused(handles.serial.open(ports[0].identity, { baudRate: 115200 }, deaf)));
  const port = await handles.serial.open(ports[0].identity, { baudRate: 9600 }, {
    onData: (bytes) => void say('heard ' + new TextDecoder().decode(bytes)),
    onClosed: () => void say('closed'),
  });
  await port.write('READ?');`;

test("a vendor's cell talks to the adapter that its contract names over a real line, and to no other", async (t) => {
  const [meter, other] = [await ptyPair(t), await ptyPair(t)];
  const places = machine(t, [
    { tty: 'ttyUSB0', usb: '1-1.2', serial: 'METER', line: meter.ends[0] },
    { tty: 'ttyUSB1', usb: '1-1.3', serial: 'OTHER', line: other.ends[0] },
  ]);
  await using serial = openSerial([], [], { ...deps, ingest: memoryIngest().ingest, places });
  const asked: string[] = [];
  await using device = await openDevice(
    meter.ends[1],
    { baudRate: 9600 },
    { onData: (bytes) => asked.push(Buffer.from(bytes).toString()), onClosed: () => undefined },
  );
  const ports = openPorts({ serial: serial.ports });
  const said = (): string[] => ports.ingested.map(({ payload }) => Buffer.from(payload).toString());
  const path = (await serial.ports.list()).find(({ identity }) => identity.includes('METER'))?.path;
  const cell = await openStarted(t, start, {
    grants: { serial: [{ match: { vid: '0403', pid: '6001', path }, baud: [9600] }] },
  });
  cell.begin(ports);

  await waitUntil('the question at the meter', () => asked.join('') === 'READ?');
  await device.write(Buffer.from('42.5 W'));
  const heard = (): string =>
    said()
      .filter((text) => text.startsWith('heard '))
      .map((text) => text.slice(6))
      .join('');
  await waitUntil('the answer in the cell', () => heard() === '42.5 W');
  assert.deepEqual(said().slice(0, 3), [
    'sees usb-FTDI_METER-if00-port0',
    'other adapter PC-R207',
    'other speed PC-R207',
  ]);
  await meter.pull();
  await waitUntil('the plugin to be told that its adapter is gone', () => said().includes('closed'));
  const envelope = ports.ingested[0];
  assert.deepEqual([envelope?.transport, envelope?.topic], ['plugin', 'plugin/probe/said']);
});
