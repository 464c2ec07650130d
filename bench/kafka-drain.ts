import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { GatewayVerdict } from '../gateway/cli/sequence-audit.ts';
import type { Kafka } from '../simulator/kafka/start-kafka.ts';
import { startGateway } from './child.ts';
import { fill } from './fill.ts';
import { kafkaConfig, watchTopics } from './kafka-topic.ts';
import { startLiveDevices, timesOf, type Times } from './live-devices.ts';
import { highest, watchMemory, type MemorySample } from './memory-watch.ts';
import { cpuSeconds } from './process-stats.ts';

export interface DrainFigures {
  readonly seconds: number;
  readonly perSecond: number;
  /** Gateway's CPU per record of the backlog. */
  readonly cpuUs: number;
  /** Highest of each tenth of the drain. */
  readonly memory: readonly MemorySample[];
  /** PUBACK of the messages that came meanwhile. */
  readonly puback: Times;
  /** From the publish of an alarm to its record in Kafka, meanwhile. */
  readonly alarms: Times;
  readonly live: number;
  readonly proof: string;
}

const run = promisify(execFile);
const cli = join(import.meta.dirname, '../dist/gateway/cli.js');
const boundMs = 900_000;

/**
 * Drains a backlog to Kafka while devices keep publishing, 100 messages a second of which five are alarms, and lets the
 * audit prove that every number has one effect.
 */
export async function drainToKafka(kafka: Kafka, dataDir: string, rows: number): Promise<DrainFigures> {
  const [topic, alarmTopic] = [`bench.drain.${rows}`, `bench.alarms.${rows}`];
  await fill(dataDir, rows, 'kafka');
  const drained = await drain(kafka, { dataDir, topic, alarmTopic, rows });
  return { ...drained, proof: await audit(kafka, dataDir, topic) };
}

async function drain(
  kafka: Kafka,
  { dataDir, topic, alarmTopic, rows }: { dataDir: string; topic: string; alarmTopic: string; rows: number },
): Promise<Omit<DrainFigures, 'proof'>> {
  await using watch = watchTopics(kafka);
  const alarms: number[] = [];
  await using subject = await startGateway({
    dataDir,
    config: { gateway: 'gw-bench', ...kafkaConfig(kafka, topic, alarmTopic) },
  });
  const memory = watchMemory(subject.pid);
  const giveUpAt = performance.now() + boundMs;
  const until = async (records: number): Promise<number> => {
    for (;;) {
      const count = await watch.count(topic);
      if (count >= records) return count;
      if (performance.now() > giveUpAt) throw new Error(`the backlog did not drain in time: ${count} records`);
      await sleep(50);
    }
  };
  const first = { count: await until(1), atMs: performance.now(), cpu: cpuSeconds(subject.pid) };
  // The reader first: an alarm that waits for the reader to join would tell of the reader.
  await watch.follow(alarmTopic, (value) => alarms.push(Date.now() - sentAt(value)));
  const devices = await startLiveDevices({ port: subject.port, perSecond: 100, alarmEvery: 20 });
  const count = await until(rows);
  const seconds = (performance.now() - first.atMs) / 1_000;
  const cpuUs = ((cpuSeconds(subject.pid) - first.cpu) * 1e6) / (count - first.count);
  const samples = memory.stop();
  const puback = await devices.stop();
  await until(rows + puback.length);
  return {
    seconds,
    perSecond: (count - first.count) / seconds,
    cpuUs,
    memory: highest(samples, 10),
    puback: timesOf(puback),
    alarms: timesOf(alarms),
    live: puback.length,
  };
}

/** When the device sent the message of a record; the field is among its metrics. */
export function sentAt(value: string): number {
  const { m } = JSON.parse(value) as { m: { n: string; v?: number }[] };
  return m.find(({ n }) => n.endsWith('sent'))?.v ?? Number.NaN;
}

async function audit(kafka: Kafka, dataDir: string, topic: string): Promise<string> {
  const { stdout: ledger } = await run(process.execPath, [cli, 'ledger', '--json', '--data', dataDir]);
  const file = join(dataDir, 'ledger.json');
  await writeFile(file, ledger);
  const args = ['audit', '--kafka', '--brokers', kafka.bootstrap.join(), '--topic', topic, '--json'];
  const { stdout } = await run(process.execPath, [cli, ...args, '--ledger', `gw-bench=${file}`], { timeout: boundMs });
  const { gateways } = JSON.parse(stdout) as { gateways: GatewayVerdict[] };
  return gateways.map(({ gateway, proof, says }) => `${gateway}: ${proof} (${says})`).join('; ');
}
