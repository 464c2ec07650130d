import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectAsync } from 'mqtt';
import { commandRecordSchema } from '../../contracts/kafka.ts';
import { messageSchema } from '../../contracts/message.ts';
import { openKafkaClient } from '../../gateway/delivery/kafka/kafka-client.ts';
import { startDaemon } from '../harness/daemon.ts';
import { ownTopics, readAll, sinkOptions, type AnyKafka } from '../harness/kafka.ts';
import { lampId, plugIn } from '../harness/lamp.ts';
import { post } from '../harness/post.ts';
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

  test('while the uplink is cut for a test no dead letter goes to Kafka and no command is taken from there', async (t) => {
    const topics = ownTopics();
    const gateway = 'cut-off';
    const config = { gateway, kafka: { brokers: [...kafka.bootstrap], topics, partitions: 3 } };
    const daemon = await startDaemon(t, { config: { ...config, commands: { quietSeconds: 0 } } });
    await using lamp = await plugIn(daemon);
    const events = () => readAll(kafka, [topics.events]);
    await waitUntil('the uplink is open', async () => (await events()).length > 0, 60_000);
    const seconds = 8;
    const backAt = performance.now() + seconds * 1_000;
    await post(daemon, '/api/v1/uplink/cut', { seconds });

    const device = await connectAsync({ host: '127.0.0.1', port: daemon.mqttPort, clientId: 'torn' });
    await device.publishAsync('tele/lamp/STATE', '{"POWER":', { qos: 1 });
    await device.endAsync();
    await using client = openKafkaClient(sinkOptions(kafka, { topics }));
    const headers = new Map([[Buffer.from('gateway'), Buffer.from(gateway)]]);
    const wish = { id: 'on', device: lampId, name: 'switch', args: { on: true }, ttlMs: 600_000 };
    const value = Buffer.from(JSON.stringify(commandRecordSchema.parse(wish)));
    await client.send([{ topic: topics.commands ?? '', key: Buffer.from(lampId), value, headers }]);

    const came = async (what: string, isThere: () => boolean | Promise<boolean>): Promise<void> => {
      await waitUntil(what, isThere, 60_000);
      assert.ok(performance.now() >= backAt, `${what} before the uplink was back`);
    };
    const letters = () => readAll(kafka, [topics.deadLetters ?? '']);
    await Promise.all([
      came('the lamp was told', () => lamp.told.length > 0),
      came('the dead letter is there', async () => (await letters()).length > 0),
    ]);
  });
}
