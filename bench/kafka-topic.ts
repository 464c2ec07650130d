import { Consumer, MessagesStreamModes, stringDeserializers } from '@platformatic/kafka';
import type { Topics } from '../gateway/delivery/kafka/options.ts';
import type { Kafka } from '../simulator/kafka/start-kafka.ts';

/** The `kafka` part of a gateway's configuration: events only, and alarms where a topic is given for them. */
export const kafkaConfig = (kafka: Pick<Kafka, 'bootstrap'>, events: string, alarms: string | null = null) => ({
  kafka: {
    brokers: [...kafka.bootstrap],
    topics: {
      events,
      alarms,
      metrics: null,
      changes: null,
      results: null,
      deadLetters: null,
      commands: null,
      gateways: null,
    } satisfies Topics,
    partitions: 3,
  },
});

export interface TopicWatch extends AsyncDisposable {
  /** Records that the topic holds; 0 while it does not exist. */
  count(topic: string): Promise<number>;
  /** Calls for each record that the topic holds and gets, until disposed; resolves when the topic is being read. */
  follow(topic: string, onValue: (value: string) => void): Promise<void>;
}

export function watchTopics(kafka: Pick<Kafka, 'bootstrap'>): TopicWatch {
  const consumer = new Consumer({
    groupId: `bench-${process.pid}-${Math.random()}`,
    clientId: 'bench',
    bootstrapBrokers: [...kafka.bootstrap],
    deserializers: stringDeserializers,
    maxWaitTime: 100,
    minBytes: 1,
  });
  return {
    async count(topic) {
      const offsets = await consumer.listOffsets({ topics: [topic], timestamp: -1n }).catch(() => undefined);
      return Number((offsets?.get(topic) ?? []).reduce((sum, end) => sum + end, 0n));
    },
    async follow(topic, onValue) {
      const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST });
      stream.on('data', ({ value }) => onValue(value ?? ''));
      stream.on('error', (error) => console.error(error));
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        consumer.close(true, () => resolve());
      }),
  };
}
