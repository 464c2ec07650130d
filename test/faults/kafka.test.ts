import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test, type TestContext } from 'node:test';
import { Admin, Producer } from '@platformatic/kafka';
import { classOfFault } from '../../gateway/delivery/kafka/error-classes.ts';
import type { KafkaClient } from '../../gateway/delivery/kafka/kafka-client.ts';
import type { Kafka } from '../../simulator/kafka/start-kafka.ts';
import { withOwnKafka } from '../harness/kafka.ts';
import { openKafkaRig, underLoad, type KafkaRig } from '../harness/kafka-rig.ts';
import { openTestClient } from '../harness/unconfirmed-client.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { measurement } from '../unit/buffer/buffer-fixture.ts';

await withOwnKafka(
  'Kafka taken away',
  (kafka) => {
    const [first, second] = kafka.nodes;
    if (first === undefined || second === undefined) throw new Error('this needs two brokers');
    const replicated = { options: { createTopics: { partitions: 4, replicas: 2 } } };

    test('the leader of half the partitions is killed under load: the other one takes over, one effect each', async (t) => {
      const rig = await openKafkaRig(t, kafka, replicated);
      await rig.fill(300, 20);
      await rig.delivered(300);
      const leaders = await leadersOf(kafka.bootstrap, rig.options.topics.events);
      assert.deepEqual(new Set(leaders), new Set([1, 2]), 'both brokers lead');
      const stop = underLoad(rig);
      await second.kill();
      await waitUntil('broker 1 leads all', async () =>
        (await leadersOf(kafka.bootstrap.slice(0, 1), rig.options.topics.events)).every((leader) => leader === 1),
      );
      const committed = (await stop()) + 300;
      await rig.delivered(committed);
      await second.start();
      const { proof, says } = await rig.verdict();
      assert.equal(proof, 'proven', says);
    });

    test('a producer that is fenced by a higher epoch is thrown away, and a new one goes on from the log', async (t) => {
      const { rig, codes, producer, clients } = await watchedRig(t, kafka);
      await rig.fill(100, 1);
      await rig.delivered(100);
      await intrude(kafka, rig, { ...producer(), ahead: 1 });
      await rig.fill(100, 1);
      await rig.delivered(200);
      const { proof, says } = await rig.verdict();
      assert.equal(proof, 'proven', says);
      assert.ok(codes().includes('INVALID_PRODUCER_EPOCH'), codes());
      assert.ok(clients() >= 2, 'a new client was opened');
    });

    test('a producer whose sequence is out of order gives way to a new one, and every record has one effect', async (t) => {
      const { rig, producer } = await watchedRig(t, kafka);
      await waitUntil('the sink is connected', () => rig.loop.status().state === 'idle');
      // Takes number 0 of this producer: its first batch, of more than one record, fits nowhere.
      const before = producer().producerId;
      await intrude(kafka, rig, { ...producer(), ahead: 0 });
      const measurements = Array.from({ length: 100 }, (_, i) => measurement('d0', i));
      await rig.buffer.append({ measurements, filtered: [], deadLetters: [], writes: [] });
      await rig.delivered(100);
      const { proof, says } = await rig.verdict();
      assert.equal(proof, 'proven', says);
      assert.notEqual(producer().producerId, before, 'another producer wrote it');
    });
  },
  { brokers: 2 },
);

async function leadersOf(bootstrap: readonly string[], topic: string): Promise<number[]> {
  const admin = new Admin({ clientId: 'leaders', bootstrapBrokers: [...bootstrap] });
  try {
    const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true });
    return (topics.get(topic)?.partitions ?? []).map(({ leader }) => leader);
  } finally {
    await admin.close();
  }
}

interface ProducerIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** A rig that tells the errors its clients met, how many there were, and under which identity the last one writes. */
async function watchedRig(t: TestContext, kafka: Kafka) {
  const errors: unknown[] = [];
  let clients = 0;
  let last: ProducerIdentity | undefined;
  const channel = 'tracing:plt:kafka:producer:initIdempotent:asyncStart';
  const onInit = (message: unknown): void => {
    last = (message as { result?: ProducerIdentity }).result ?? last;
  };
  subscribe(channel, onInit);
  t.after(() => unsubscribe(channel, onInit));
  const rig = await openKafkaRig(t, kafka, {
    options: { createTopics: { partitions: 1, replicas: 2 } },
    deps: {
      openClient: (options) => {
        clients += 1;
        const client = openTestClient(options);
        const send = (batch: Parameters<KafkaClient['send']>[0]) =>
          client.send(batch).catch((error: unknown) => {
            errors.push(error);
            throw error;
          });
        return { ...client, send };
      },
    },
  });
  const producer = (): ProducerIdentity => {
    assert.ok(last, 'a producer has an identity');
    return last;
  };
  return { rig, clients: () => clients, codes: () => errors.map((error) => classOfFault(error).code).join(), producer };
}

/** Another client that writes one record under the identity of ours, some epochs ahead. */
async function intrude(
  kafka: Kafka,
  { options }: KafkaRig,
  { producerId, producerEpoch, ahead }: ProducerIdentity & { ahead: number },
): Promise<void> {
  const intruder = new Producer({ clientId: 'intruder', bootstrapBrokers: [...kafka.bootstrap] });
  const record = { topic: options.topics.events, key: Buffer.from('d0'), value: Buffer.from('{}') };
  await intruder.send({ producerId, producerEpoch: producerEpoch + ahead, acks: -1, messages: [record] });
  await intruder.close();
}
