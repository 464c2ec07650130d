import assert from 'node:assert/strict';
import { test } from 'node:test';
import { symlink, rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PortcullisError } from '../../../../contracts/errors.ts';
import { listen } from '../../../../gateway/observability/channels.ts';
import type { Adapter } from '../../../../gateway/transports/serial/adapters.ts';
import { openDevice } from '../../../../gateway/transports/serial/device.ts';
import { openHotplug } from '../../../../gateway/transports/serial/hotplug.ts';
import { keepOpen } from '../../../../gateway/transports/serial/keep-open.ts';
import { openSerial } from '../../../../gateway/transports/serial/open-serial.ts';
import { ptyPair } from '../../../harness/pty-pair.ts';
import { waitUntil } from '../../../harness/wait-until.ts';
import { deps, memoryIngest, portAt } from './serial-rig.ts';

const lines = { as: 'delimiter', delimiter: Buffer.from('\r\n') } as const;
const deaf = { onData: () => undefined, onClosed: () => undefined };

test('every line of a device becomes one envelope, however its bytes are torn', async (t) => {
  const { ends } = await ptyPair(t);
  const memory = memoryIngest();
  await using serial = openSerial([portAt(ends[0], lines)], [], { ...deps, ingest: memory.ingest });
  await waitUntil('the port to open', () => serial.status()[0]?.state === 'open');
  await using device = await openDevice(ends[1], { baudRate: 9600 }, deaf);
  // Bytes that come at once could be the end of a line; after its mark a new one begins.
  for (const part of ['\r\nT=21', '.5\r', '\nT=22.0\r\n\r\nT=', '23.5\r\n']) await device.write(Buffer.from(part));
  await waitUntil('three lines', () => memory.taken.length === 3);
  assert.deepEqual(memory.texts(), ['serial/line T=21.5', 'serial/line T=22.0', 'serial/line T=23.5']);
  assert.equal(memory.taken[0]?.client, ends[0]);
  assert.equal(memory.taken[0]?.transport, 'serial');
});

test('a silence ends a message of a device that has no other mark', async (t) => {
  const { ends } = await ptyPair(t);
  const memory = memoryIngest();
  await using serial = openSerial([portAt(ends[0], { as: 'gap', silenceMs: 100 })], [], {
    ...deps,
    ingest: memory.ingest,
  });
  await waitUntil('the port to open', () => serial.status()[0]?.state === 'open');
  await using device = await openDevice(ends[1], { baudRate: 9600 }, deaf);
  await device.write(Buffer.from('first'));
  await waitUntil('the first message', () => memory.taken.length === 1);
  await device.write(Buffer.from('second'));
  await waitUntil('the second message', () => memory.taken.length === 2);
  assert.deepEqual(memory.texts(), ['serial/line first', 'serial/line second']);
});

test('a pulled cable raises an alarm, and the line speaks again when it is back', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-serial-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'adapter');
  const memory = memoryIngest();
  const alarms: boolean[] = [];
  using _listening = listen('alarm', ({ code, active }) => {
    if (code === 'serial-port-missing') alarms.push(active);
  });
  await using serial = openSerial([portAt(path, lines)], [], { ...deps, ingest: memory.ingest });
  await waitUntil('an alarm', () => alarms.at(-1) === true);

  for (const round of [1, 2]) {
    const cable = await ptyPair(t);
    await rm(path, { force: true });
    await symlink(cable.ends[0], path);
    await waitUntil('the port to open', () => serial.status()[0]?.state === 'open');
    assert.equal(alarms.at(-1), false);
    await using device = await openDevice(cable.ends[1], { baudRate: 9600 }, deaf);
    await device.write(Buffer.from(`\r\nround ${round}\r\n`));
    await waitUntil('its line', () => memory.taken.length === round);
    await cable.pull();
    await waitUntil('the alarm', () => alarms.at(-1) === true);
  }
  assert.deepEqual(memory.texts(), ['serial/line round 1', 'serial/line round 2']);
});

test('a stop that comes while the port is being opened closes it again', async (t) => {
  const { ends } = await ptyPair(t);
  using hotplug = openHotplug('/dev', deps.log);
  const found = Promise.withResolvers<readonly Adapter[]>();
  const port = keepOpen(
    portAt(ends[0], lines),
    { ...deaf, onOpen: () => undefined },
    {
      log: deps.log,
      hotplug,
      list: () => found.promise,
    },
  );
  let isClosed = false;
  const closing = port[Symbol.asyncDispose]().then(() => (isClosed = true));
  found.resolve([]);
  await waitUntil('the port to be closed', () => isClosed);
  await closing;
  await using _other = await openDevice(ends[0], { baudRate: 9600 }, deaf);
});

test('a port that another program holds is refused with a sentence', async (t) => {
  const { ends } = await ptyPair(t);
  await using _holder = await openDevice(ends[0], { baudRate: 9600 }, deaf);
  await assert.rejects(openDevice(ends[0], { baudRate: 9600 }, deaf), (error: PortcullisError) => {
    assert.equal(error.code, 'NOT_ALLOWED');
    assert.match(error.message, /is used by another program/);
    return true;
  });
  await assert.rejects(openDevice('/dev/tty-that-is-not-there', { baudRate: 9600 }, deaf), { code: 'FILE_UNREADABLE' });
});

test('what ingest cannot take now is offered again, and nothing is read meanwhile', async (t) => {
  const { ends } = await ptyPair(t);
  const memory = memoryIngest();
  let isFull = true;
  const ingest: typeof memory.ingest = (envelope) =>
    isFull ? Promise.reject(new PortcullisError('OVERLOADED', 'Full.')) : memory.ingest(envelope);
  await using serial = openSerial([portAt(ends[0], lines)], [], { ...deps, ingest });
  await waitUntil('the port to open', () => serial.status()[0]?.state === 'open');
  await using device = await openDevice(ends[1], { baudRate: 9600 }, deaf);
  const sent = Array.from({ length: 400 }, (_, n) => `${n} ${'x'.repeat(1000)}`);
  const writing = device.write(Buffer.from(['', ...sent, ''].join('\r\n')));
  await new Promise((resolve) => setTimeout(resolve, 300));
  isFull = false;
  await writing;
  await waitUntil('every line', () => memory.taken.length === sent.length);
  assert.deepEqual(new Set(memory.texts()), new Set(sent.map((line) => `serial/line ${line}`)));
});
