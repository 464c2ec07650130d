import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openKafkaClient } from '../gateway/delivery/kafka/kafka-client.ts';
import { recordsOf } from '../gateway/delivery/kafka/records.ts';
import { startKafka, type Kafka } from '../simulator/kafka/start-kafka.ts';
import { sinkOptions } from '../test/harness/kafka.ts';
import { message } from '../test/unit/delivery/memory-outlet.ts';
import { startGateway } from './child.ts';
import { drainToKafka, sentAt } from './kafka-drain.ts';
import { kafkaConfig, watchTopics } from './kafka-topic.ts';
import { startLiveDevices, timesOf, type Times } from './live-devices.ts';
import type { Report } from './report.ts';

const perSecond = 1_000;

/** Delivery to a real Kafka, against its client publishing from memory; `seconds` times 100,000 records are drained. */
export async function benchKafka(seconds: number): Promise<Report> {
  const rows = seconds * 100_000;
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-kafka-bench-'));
  try {
    await using kafka = await startKafka({ say: (sentence) => console.error(sentence) });
    const direct = await publishFromMemory(kafka, Math.min(rows, 300_000));
    const drain = await drainToKafka(kafka, join(folder, 'drain'), rows);
    const ratio = drain.perSecond / direct;
    const live = await publishToRecord(kafka, Math.max(5, seconds));
    const most = Math.max(...drain.memory.map(({ residentMb }) => residentMb));
    return {
      title: 'Kafka',
      conditions: `Apache Kafka 4 (one broker), gateway and load share the cores. ${rows.toLocaleString('en')} rows drained, events only, three measurements each, while devices publish 100 messages/s of which five are alarms; memory is that of the whole process tree. The client alone publishes records of the same kind in calls of 1,000.`,
      columns: ['what', 'figure', 'unit'],
      rows: [
        ['the client alone, from memory', direct, 'records/s'],
        ['the gateway, from its buffer', drain.perSecond, 'records/s'],
        ['ratio', ratio, ''],
        ['the drain, all', drain.seconds, 's'],
        ['CPU of the gateway per record', drain.cpuUs, 'µs'],
        ['resident memory, highest of each tenth of the drain', megabytes(drain.memory, 'residentMb'), 'MB'],
        ['anonymous memory, the same', megabytes(drain.memory, 'anonymousMb'), 'MB'],
        ['PUBACK of live messages meanwhile, p50 and p99', both(drain.puback), 'ms'],
        ['alarm to Kafka record meanwhile, p50 and p99', both(drain.alarms), 'ms'],
        [`publish to Kafka record at ${perSecond} messages/s, p50 and p99`, both(live), 'ms'],
      ],
      verdict: [
        `Goal: at least 0.6 of the client alone; measured ${ratio.toFixed(2)}.`,
        `Goal: flat memory, and below 200 MB; the highest was ${most.toFixed(0)} MB.`,
        `The audit of the ${rows.toLocaleString('en')} rows and ${drain.live.toLocaleString('en')} live messages says: ${drain.proof}.`,
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const both = ({ p50, p99 }: Times): string => `${p50.toFixed(0)} and ${p99.toFixed(0)}`;

const megabytes = <Key extends string>(samples: readonly Readonly<Record<Key, number>>[], key: Key): string =>
  samples.map((sample) => sample[key].toFixed(0)).join(', ');

async function publishFromMemory(kafka: Kafka, records: number): Promise<number> {
  const options = sinkOptions(kafka);
  const topics = { ...options.topics, metrics: null };
  const m = ['temperature', 'humidity', 'x.json.n'].map((n) => ({ n, v: 20.5, u: 'Cel' }));
  const batch = Array.from({ length: 1_000 }, (_, i) => message(i, `json:bench/device${i % 50}`, { m }));
  await using client = openKafkaClient(options);
  await client.prepare();
  const startedAt = performance.now();
  for (let sent = 0; sent < records; sent += batch.length) {
    await client.send(batch.flatMap((one) => recordsOf(one, 'normal', topics)));
  }
  return (records / (performance.now() - startedAt)) * 1_000;
}

/** Milliseconds from a device's publish to its record at a consumer; the first second does not count. */
async function publishToRecord(kafka: Kafka, seconds: number): Promise<Times> {
  const topic = 'bench.live';
  await using subject = await startGateway({ config: kafkaConfig(kafka, topic) });
  await using watch = watchTopics(kafka);
  const taken: number[] = [];
  const devices = await startLiveDevices({ port: subject.port, perSecond });
  while ((await watch.count(topic)) === 0) await sleep(50);
  await watch.follow(topic, (value) => taken.push(Date.now() - sentAt(value)));
  await sleep((seconds + 1) * 1_000);
  const sent = (await devices.stop()).length;
  const giveUpAt = performance.now() + 60_000;
  while (taken.length < sent && performance.now() < giveUpAt) await sleep(50);
  if (taken.length < sent) throw new Error(`${taken.length} of ${sent} messages became records`);
  return timesOf(taken.slice(perSecond));
}
