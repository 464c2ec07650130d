import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { isEffective, placeOf } from '../../contracts/effective-once.ts';
import { openKafkaClient } from '../../gateway/delivery/kafka/kafka-client.ts';
import { openKafkaSink } from '../../gateway/delivery/kafka/kafka-sink.ts';
import type { Kafka } from '../../simulator/kafka/start-kafka.ts';
import { readAll, sinkOptions } from '../harness/kafka.ts';
import { sinkConformance, type SinkRig } from '../unit/delivery/sink-conformance.ts';

/** What every sink promises, of the one for Kafka; goes away by kill -9. */
export function kafkaConformance(kafka: Kafka): void {
  const [node] = kafka.nodes;
  if (node === undefined) throw new Error('a cluster has a node');

  sinkConformance('Kafka', async (t: TestContext): Promise<SinkRig> => {
    const options = sinkOptions(kafka);
    let lose = false;
    let away = false;
    const sink = openKafkaSink(options, {
      log: pino({ level: 'silent' }),
      openClient: (given) => {
        const client = openKafkaClient(given);
        return {
          ...client,
          async send(records) {
            await client.send(records);
            if (!lose) return;
            lose = false;
            throw Object.assign(new Error('the answer is lost'), { code: 'PLT_KFK_NETWORK' });
          },
        };
      },
    });
    const comeBack = async (): Promise<void> => {
      if (away) await node.start();
      away = false;
    };
    t.after(async () => {
      await sink[Symbol.asyncDispose]();
      await comeBack();
    });
    return {
      sink,
      goAway: async () => {
        away = true;
        await node.kill();
      },
      comeBack,
      loseNextAnswer: async () => {
        lose = true;
      },
      effects: async () => {
        const state = new Map<string, readonly [number, number, number]>();
        const records = await readAll(kafka, [options.topics.events]);
        return records.flatMap(({ key, headers }) => {
          const place = placeOf(key, headers);
          return place && isEffective(place, state) ? [{ id: headers.get('id') ?? '', device: key }] : [];
        });
      },
    };
  });
}
