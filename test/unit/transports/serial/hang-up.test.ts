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
