import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { KafkaOptions, Topics } from '../../gateway/delivery/kafka/options.ts';
import { readTopics, type TopicRecord } from '../../gateway/delivery/kafka/read-topics.ts';
import { findKafka, givenKafka, whyNoDocker } from '../../simulator/kafka/find-kafka.ts';
import {
  startKafka,
  whyNoJavaKafka,
  type Kafka,
  type KafkaOptions as BrokerOptions,
} from '../../simulator/kafka/start-kafka.ts';
import { cannotRun } from './cannot-run.ts';

/** What every suite may use; whoever needs more of it asks whether it is there. */
export type AnyKafka = Pick<Kafka, 'bootstrap'> & Partial<Pick<Kafka, 'secureBootstrap'>>;

/**
 * Runs `suite` with a real Kafka, once per test file: the one that KAFKA_BOOTSTRAP names, else one that is started for it.
 * Where this machine has none, the file is one skipped test that says why, and in CI a failed one.
 */
export async function withKafka(
  name: string,
  suite: (kafka: AnyKafka) => void,
  options: Omit<BrokerOptions, 'say'> = {},
): Promise<void> {
  const given = process.env['KAFKA_BOOTSTRAP'] ?? '';
  const found = given === '' ? await findKafka({ ...options, say: () => undefined }, undefined) : givenKafka(given);
  if ('why' in found) return withoutKafka(name, `${found.why}.`, 'none');
  suite(found);
  // Files end when their tests have; the broker goes after them.
  test.after(() => found[Symbol.asyncDispose]());
}

/** The same for a suite that stops and kills brokers: another Kafka than one of its own would not survive it. */
export async function withOwnKafka(
  name: string,
  suite: (kafka: Kafka) => void,
  options: Omit<BrokerOptions, 'say'> = {},
): Promise<void> {
  const why = await whyNoJavaKafka();
  if (why !== undefined) {
    const hasAnother = (process.env['KAFKA_BOOTSTRAP'] ?? '') !== '' || (await whyNoDocker()) === undefined;
    return hasAnother
      ? withoutKafka(name, `${why}; it stops and kills brokers, which the other Kafka here is not for.`, 'another')
      : withoutKafka(name, `${why}; docker compose and KAFKA_BOOTSTRAP are not here either.`, 'none');
  }
  const kafka = await startKafka({ ...options, say: () => undefined });
  suite(kafka);
  test.after(() => kafka[Symbol.asyncDispose]());
}

function withoutKafka(name: string, why: string, has: 'none' | 'another'): void {
  const sentence = `No Kafka for "${name}": ${why} npm run kafka -- --help says what is needed.`;
  test(`${name}: needs a real Kafka`, (t) => {
    // Another Kafka than its own is a choice of whoever named it, not a part that is missing.
    if (has === 'another') t.skip(sentence);
    else cannotRun(t, sentence);
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
    gateways: `${prefix}.gateways`,
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
