import { Consumer, MessagesStreamModes, stringDeserializers } from '@platformatic/kafka';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { KafkaOptions, Topics } from '../../gateway/delivery/kafka/options.ts';
import { findKafka, type FoundKafka } from '../../simulator/kafka/find-kafka.ts';
import type { Kafka, KafkaOptions as BrokerOptions } from '../../simulator/kafka/start-kafka.ts';
import { waitUntil } from './wait-until.ts';

/**
 * Runs `suite` with a real Kafka, started once per test file. Where this machine has none, the file is one skipped test
 * that says why, and in CI a failed one.
 */
export async function withKafka(
  name: string,
  suite: (kafka: Kafka) => void,
  options: Omit<BrokerOptions, 'say'> = {},
): Promise<void> {
  const found = await findKafka({ ...options, say: () => undefined }, undefined);
  if ('why' in found) return withoutKafka(name, found.why);
  if (!isOurs(found)) {
    await found[Symbol.asyncDispose]();
    return withoutKafka(name, 'a Kafka from docker compose cannot be killed from here');
  }
  suite(found);
  // Files end when their tests have; the broker goes after them.
  test.after(() => found[Symbol.asyncDispose]());
}

const isOurs = (found: FoundKafka): found is Kafka => found.nodes !== undefined && found.secureBootstrap !== undefined;

function withoutKafka(name: string, why: string): void {
  const sentence = `No Kafka for "${name}": ${why}. npm run kafka -- --help says what is needed.`;
  test(`${name}: needs a real Kafka`, (t) => {
    if (process.env['CI'] === 'true') throw new Error(sentence);
    t.skip(sentence);
  });
}

/** Names that no other test uses. */
export function ownTopics(over: Partial<Topics> = {}): Topics {
  const prefix = `t-${randomUUID().slice(0, 8)}`;
  const topics = {
    events: `${prefix}.events`,
    metrics: `${prefix}.metrics`,
    changes: `${prefix}.changes`,
    alarms: `${prefix}.alarms`,
    results: `${prefix}.results`,
    deadLetters: `${prefix}.dead-letters`,
    commands: `${prefix}.commands`,
  };
  return { ...topics, ...over };
}

export function sinkOptions(kafka: Pick<Kafka, 'bootstrap'>, over: Partial<KafkaOptions> = {}): KafkaOptions {
  return {
    brokers: kafka.bootstrap,
    gateway: 'gw-test',
    topics: ownTopics(),
    createTopics: { partitions: 3, replicas: -1 },
    compression: 'none',
    ...over,
  };
}

export interface ReadRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly value: string;
  readonly headers: ReadonlyMap<string, string>;
}

/** Everything that the topics hold now, in order per partition. */
export async function readTopics(kafka: Pick<Kafka, 'bootstrap'>, topics: readonly string[]): Promise<ReadRecord[]> {
  const consumer = new Consumer({
    groupId: `read-${randomUUID()}`,
    clientId: 'test-reader',
    bootstrapBrokers: [...kafka.bootstrap],
    deserializers: stringDeserializers,
    autocommit: false,
    maxWaitTime: 200,
  });
  try {
    const ends = await consumer.listOffsets({ topics: [...topics], timestamp: -1n });
    const begins = await consumer.listOffsets({ topics: [...topics], timestamp: -2n });
    const wanted = new Map<string, bigint>();
    for (const topic of topics) {
      for (const [partition, end] of (ends.get(topic) ?? []).entries()) {
        if (end > (begins.get(topic)?.[partition] ?? 0n)) wanted.set(`${topic}:${partition}`, end);
      }
    }
    const records: ReadRecord[] = [];
    if (wanted.size === 0) return records;
    const stream = await consumer.consume({ topics: [...topics], mode: MessagesStreamModes.EARLIEST });
    stream.on('data', ({ topic, partition, offset, key, value, headers }) => {
      records.push({ topic, partition, key, value, headers: new Map(headers) });
      const place = `${topic}:${partition}`;
      if (offset + 1n >= (wanted.get(place) ?? 0n)) wanted.delete(place);
    });
    await waitUntil('every partition was read', () => wanted.size === 0, 60_000);
    await stream.close();
    return records;
  } finally {
    await new Promise((resolve) => consumer.close(true, resolve));
  }
}
