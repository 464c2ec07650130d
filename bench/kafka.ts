import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Consumer, MessagesStreamModes, stringDeserializers } from '@platformatic/kafka';
import { connectAsync } from 'mqtt';
import { openKafkaClient } from '../gateway/delivery/kafka/kafka-client.ts';
import { recordsOf } from '../gateway/delivery/kafka/records.ts';
import { startKafka, type Kafka } from '../simulator/kafka/start-kafka.ts';
import { sinkOptions } from '../test/harness/kafka.ts';
import { message } from '../test/unit/delivery/memory-outlet.ts';
import { startGateway } from './child.ts';
import { fill } from './fill.ts';
import { treeMemory } from './process-stats.ts';
import type { Report } from './report.ts';

const boundMs = 900_000;
const perSecond = 1_000;

/** Delivery to a real Kafka, against its client publishing from memory. */
export async function benchKafka(seconds: number): Promise<Report> {
  const rows = seconds * 100_000;
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-kafka-bench-'));
  try {
    await using kafka = await startKafka({ say: (sentence) => console.error(sentence) });
    const direct = await publishFromMemory(kafka, Math.min(rows, 300_000));
    const drain = await drainToKafka(kafka, join(folder, 'drain'), rows);
    const ratio = drain.perSecond / direct;
    const live = await publishToRecord(kafka, Math.max(5, seconds));
    return {
      title: 'Kafka',
      conditions: `Apache Kafka 4 (one broker), gateway and load share the cores. ${rows.toLocaleString('en')} rows drained, events only, three measurements each; the client alone publishes records of the same kind in calls of 1,000.`,
      columns: ['what', 'figure', 'unit'],
      rows: [
        ['the client alone, from memory', direct, 'records/s'],
        ['the gateway, from its buffer', drain.perSecond, 'records/s'],
        ['ratio', ratio, ''],
        ['memory after a tenth of the drain', drain.early, 'MB'],
        ['memory at its end', drain.late, 'MB'],
        [`device publish to Kafka record at ${perSecond} messages/s, p50`, live.p50, 'ms'],
        ['the same, p99', live.p99, 'ms'],
      ],
      verdict: [
        `Goal: at least 0.6 of the client alone; measured ${ratio.toFixed(2)}.`,
        `Goal: flat memory; ${(drain.late - drain.early).toFixed(0)} MB between a tenth and the end of the drain.`,
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

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

const configOf = (kafka: Kafka, topic: string) => ({
  kafka: {
    brokers: [...kafka.bootstrap],
    topics: { events: topic, metrics: null, changes: null, alarms: null, deadLetters: null, commands: null },
    partitions: 3,
  },
});

function consumerOf(kafka: Kafka): Consumer<string, string, string, string> {
  return new Consumer({
    groupId: `bench-${process.pid}-${Math.random()}`,
    clientId: 'bench',
    bootstrapBrokers: [...kafka.bootstrap],
    deserializers: stringDeserializers,
    maxWaitTime: 5,
    minBytes: 1,
  });
}

/** Waits for so many records in the topic, by its end offsets. */
async function arrived(consumer: Consumer<string, string, string, string>, topic: string, records: number) {
  const offsets = await consumer.listOffsets({ topics: [topic], timestamp: -1n }).catch(() => undefined);
  const count = Number((offsets?.get(topic) ?? []).reduce((sum, end) => sum + end, 0n));
  return { count, all: count >= records };
}

async function drainToKafka(kafka: Kafka, dataDir: string, rows: number) {
  await fill(dataDir, rows, 'kafka');
  const topic = 'bench.drain';
  const consumer = consumerOf(kafka);
  await using subject = await startGateway({ dataDir, config: configOf(kafka, topic) });
  let early: number | undefined;
  let first: { at: number; count: number } | undefined;
  const giveUpAt = performance.now() + boundMs;
  for (;;) {
    const { count, all } = await arrived(consumer, topic, rows);
    const at = performance.now();
    if (count > 0) first ??= { at, count };
    if (count > rows / 10) early ??= treeMemory(subject.pid).residentMb;
    if (all && first) {
      await consumer.close(true);
      const late = treeMemory(subject.pid).residentMb;
      return { perSecond: ((count - first.count) / (at - first.at)) * 1_000, early: early ?? late, late };
    }
    if (at > giveUpAt) throw new Error('the backlog did not drain in time');
    await sleep(100);
  }
}

/** Milliseconds from a device's publish to its record at a consumer. */
async function publishToRecord(kafka: Kafka, seconds: number): Promise<{ p50: number; p99: number }> {
  const topic = 'bench.live';
  await using subject = await startGateway({ config: configOf(kafka, topic) });
  const clients = await Promise.all(
    Array.from({ length: 20 }, (_, i) => connectAsync(`mqtt://127.0.0.1:${subject.port}`, { clientId: `bench${i}` })),
  );
  const consumer = consumerOf(kafka);
  while (
    !(await consumer.listOffsets({ topics: [topic], timestamp: -1n }).then(
      () => true,
      () => false,
    ))
  )
    await sleep(100);
  const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST });
  const taken: number[] = [];
  stream.on('data', ({ value }) => {
    const { m } = JSON.parse(value) as { m: { n: string; v?: number }[] };
    const sentAt = m.find(({ n }) => n.endsWith('sent'))?.v;
    if (sentAt !== undefined) taken.push(Date.now() - sentAt);
  });
  const total = perSecond * (seconds + 1);
  const everyMs = 20;
  for (let sent = 0, due = performance.now(); sent < total; due += everyMs) {
    for (let i = 0; i < (perSecond * everyMs) / 1_000; i++, sent++) {
      clients[sent % clients.length]?.publish(
        `bench/d${sent % 50}/state`,
        JSON.stringify({ sent: Date.now(), n: sent }),
        { qos: 1 },
      );
    }
    await sleep(Math.max(0, due + everyMs - performance.now()));
  }
  const giveUpAt = performance.now() + 60_000;
  while (taken.length < total && performance.now() < giveUpAt) await sleep(100);
  if (taken.length < total) throw new Error(`${taken.length} of ${total} messages became records`);
  await stream.close();
  await consumer.close(true);
  for (const client of clients) await client.endAsync();
  const sorted = taken.slice(perSecond).toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
