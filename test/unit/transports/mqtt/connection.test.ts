import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import type { Client } from 'aedes';
import { Connection } from '../../../../gateway/transports/mqtt/connection.ts';
import { Intake } from '../../../../gateway/transports/mqtt/intake.ts';
import { defaultLimits } from '../../../../gateway/transports/mqtt/options.ts';
import { until } from './broker.ts';
import { connectPacket, publishPacket } from './packets.ts';

const publishes = (from: number, count: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => publishPacket({ qos: 1, messageId: from + i })));

test('acknowledgements of one turn share a write, and a client that takes none is not read', async () => {
  const [near, far] = duplexPair({ highWaterMark: 32 });
  const connection = new Connection(near, '', new Intake(1e6), defaultLimits);
  connection.client = {} as Client;
  const seen: number[] = [];
  connection.guard({
    connect: () => connection.open(),
    publish: (_client, from, { messageId }) => {
      seen.push(messageId);
      from.acknowledge(messageId);
    },
  });
  const writes: number[] = [];
  const write = near.write.bind(near) as (bytes: Buffer) => boolean;
  near.write = ((bytes: Buffer) => {
    writes.push(bytes.length);
    return write(bytes);
  }) as typeof near.write;
  near.on('readable', () => {
    while (near.read() !== null);
  });

  far.write(connectPacket());
  far.write(publishes(1, 10));
  await until(() => near.writableNeedDrain);
  far.write(publishes(11, 10));
  await until(() => near.readableLength > 0);
  assert.deepEqual([seen.length, writes], [10, [40]]);

  far.resume();
  await until(() => seen.length === 20);
  await until(() => writes.length === 2);
  assert.deepEqual([seen.at(-1), writes], [20, [40, 40]]);
});
