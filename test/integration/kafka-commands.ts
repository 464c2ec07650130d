import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandRecordSchema } from '../../contracts/kafka.ts';
import { messageSchema } from '../../contracts/message.ts';
import { openKafkaClient } from '../../gateway/delivery/kafka/kafka-client.ts';
import { startDaemon } from '../harness/daemon.ts';
import { ownTopics, readAll, sinkOptions, type AnyKafka } from '../harness/kafka.ts';
import { lampId, plugIn } from '../harness/lamp.ts';
import { waitUntil } from '../harness/wait-until.ts';

/** The whole daemon between the commands topic and a lamp, and back to the results. */
export function kafkaCommands(kafka: AnyKafka): void {
  test('a command from Kafka switches a lamp once although it stands there twice; a late one is reported expired', async (t) => {
    const topics = ownTopics();
    const gateway = 'switching';
    const brokers = [...kafka.bootstrap];
    const config = { gateway, kafka: { brokers, topics, partitions: 3 }, commands: { quietSeconds: 0 } };
    const daemon = await startDaemon(t, { config });
    await using lamp = await plugIn(daemon);
    const options = sinkOptions(kafka, { topics });
    const order = async (...orders: { id: string; on: boolean; ttlMs?: number }[]): Promise<void> => {
      await using client = openKafkaClient(options);
      const headers = new Map([[Buffer.from('gateway'), Buffer.from(gateway)]]);
      const records = orders.map(({ id, on, ttlMs = 600_000 }) => {
        const wish = { id, device: lampId, name: 'switch', args: { on }, ttlMs };
        const value = Buffer.from(JSON.stringify(commandRecordSchema.parse(wish)));
        return { topic: topics.commands ?? '', key: Buffer.from(lampId), value, headers };
      });
      await client.send(records);
    };
    const results = async () =>
      (await readAll(kafka, [topics.results ?? ''])).map(({ value }) => {
        const { result } = messageSchema.parse(JSON.parse(value));
        return `${result?.command} ${result?.state}`;
      });
    const has = (count: number) =>
      waitUntil(`${count} results in Kafka`, async () => (await results()).length >= count, 60_000);

    await order({ id: 'on', on: true }, { id: 'on', on: true }, { id: 'off', on: false });
    await has(2);
    await lamp[Symbol.asyncDispose]();
    await order({ id: 'late', on: true, ttlMs: 1_000 }, { id: 'on', on: true });
    await has(3);
    assert.deepEqual(lamp.told, ['ON', 'OFF']);
    assert.deepEqual(await results(), ['on acked', 'off acked', 'late expired']);
  });
}
