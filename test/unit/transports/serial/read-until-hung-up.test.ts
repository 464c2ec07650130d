import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDevice } from '../../../../gateway/transports/serial/device.ts';
import { ptyPair } from '../../../harness/pty-pair.ts';

test('a line that ends right after it was opened is noticed, whatever the reading was about to do', async (t) => {
  for (let round = 0; round < 10; round++) {
    const cable = await ptyPair(t);
    const ended = Promise.withResolvers<string>();
    await using _device = await openDevice(
      cable.ends[0],
      { baudRate: 9600 },
      { onData: () => undefined, onClosed: ended.resolve },
    );
    await cable.pull();
    await ended.promise;
  }
});

test('a port that is closed while it is read is closed, at whatever moment', async (t) => {
  const { ends } = await ptyPair(t);
  for (let round = 0; round < 200; round++) {
    const device = await openDevice(ends[0], { baudRate: 9600 }, { onData: () => undefined, onClosed: assert.fail });
    // Reading begins some turns after the opening.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    for (let turns = 0; turns < round % 12; turns++) await Promise.resolve();
    await device[Symbol.asyncDispose]();
  }
});
