import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { KafkaOptions, Topics } from '../../gateway/delivery/kafka/options.ts';
import { readTopics, type TopicRecord } from '../../gateway/delivery/kafka/read-topics.ts';
import { findKafka, type FoundKafka } from '../../simulator/kafka/find-kafka.ts';
import type { Kafka, KafkaOptions as BrokerOptions } from '../../simulator/kafka/start-kafka.ts';

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

/** Everything that the topics hold now, in order per partition. */
export async function readAll(kafka: Pick<Kafka, 'bootstrap'>, topics: readonly string[]): Promise<TopicRecord[]> {
  const records: TopicRecord[] = [];
  await readTopics({ brokers: kafka.bootstrap, gateway: 'test' }, topics, (record) => records.push(record));
  return records;
}
