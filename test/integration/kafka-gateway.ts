import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { isEffective, placeOf } from '../../contracts/effective-once.ts';
import { messageSchema } from '../../contracts/message.ts';
import type { BootReport, GatewayVerdict } from '../../gateway/cli/sequence-audit.ts';
import { openKafkaClient } from '../../gateway/delivery/kafka/kafka-client.ts';
import { recordsOf } from '../../gateway/delivery/kafka/records.ts';
import { cli } from '../harness/cli.ts';
import { startCollector } from '../harness/collector.ts';
import { startDaemon } from '../harness/daemon.ts';
import { ownTopics, readAll, sinkOptions, type AnyKafka } from '../harness/kafka.ts';
import { startPublisher } from '../harness/publisher.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { message } from '../unit/delivery/memory-outlet.ts';

const run = promisify(execFile);

interface Ledger {
  readonly sinks: readonly { readonly sink: string; readonly buffered: number; readonly delivered: number }[];
}

/** The whole daemon between MQTT and Kafka, and the command that proves what it did. */
export function kafkaGateway(kafka: AnyKafka): void {
  test('what a device was told is acknowledged is in Kafka with one effect, over kill -9; the audit proves it', async (t) => {
    const topics = ownTopics();
    const brokers = [...kafka.bootstrap];
    const gateway = 'audited';
    const collector = await startCollector(t);
    const traces = { endpoint: collector.url, ratio: 0.05 };
    const daemon = await startDaemon(t, { config: { gateway, kafka: { brokers, topics, partitions: 3 }, traces } });
    const acknowledged = new Set<number>();
    const kafkaLine = async () =>
      (await daemon.api<Ledger>('/api/v1/ledger')).sinks.find(({ sink }) => sink === 'kafka');
    for (const life of [0, 1]) {
      const from = life * 1_000_000;
      const publisher = await startPublisher({ port: daemon.mqttPort, devices: 5, from });
      await waitUntil('records flow', async () => ((await kafkaLine())?.delivered ?? 0) > life * 500 + 300);
      if (life === 0) await daemon.kill();
      await publisher.stop();
      for (const n of publisher.acknowledged) acknowledged.add(n);
      if (life === 0) await daemon.start();
    }
    await waitUntil('all is delivered', async () => (await kafkaLine())?.buffered === 0, 60_000);
    await daemon.stop();

    const state = new Map<string, readonly [number, number, number]>();
    const effects = new Map<number, number>();
    const parents: string[] = [];
    for (const { key, value, headers } of await readAll(kafka, [topics.events])) {
      const place = placeOf(key, headers);
      if (place === undefined || !isEffective(place, state)) continue;
      const n = messageSchema.parse(JSON.parse(value)).m.find((metric) => metric.n.endsWith('n'))?.v;
      if (n === undefined) continue;
      effects.set(n, (effects.get(n) ?? 0) + 1);
      parents.push(headers.get('traceparent') ?? '');
      assert.equal(headers.get('epoch'), '1');
    }
    assert.deepEqual(
      parents.filter((parent) => !/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/.test(parent)),
      [],
    );
    // What was delivered in the life that was killed may have taken its spans along.
    const delivered = collector.spans.filter(({ name }) => name === 'deliver kafka');
    assert.ok(delivered.length > 3, `${delivered.length} deliveries were traced`);
    const written = new Set(parents);
    assert.deepEqual(
      delivered.filter(({ traceId, spanId }) => !written.has(`00-${traceId}-${spanId}-01`)),
      [],
    );
    const lost = [...acknowledged].filter((n) => effects.get(n) !== 1);
    assert.deepEqual(lost.slice(0, 5), [], `${lost.length} of ${acknowledged.size} have no effect or two`);

    const ledger = join(daemon.dataDir, 'ledger.json');
    const books = await run(process.execPath, [cli, 'ledger', '--json', '--data', daemon.dataDir]);
    await writeFile(ledger, books.stdout);
    const args = ['--kafka', '--brokers', brokers.join(), '--topic', topics.events, '--json'];
    const { stdout } = await run(process.execPath, [cli, 'audit', ...args, '--ledger', `${gateway}=${ledger}`]);
    const report = JSON.parse(stdout) as { gateways: GatewayVerdict[]; boots: BootReport[] };
    assert.deepEqual(
      report.gateways.map(({ gateway: name, proof }) => [name, proof]),
      [[gateway, 'proven']],
    );
    assert.deepEqual(
      report.boots.map(({ boot }) => boot),
      [1, 2],
    );
  });

  test('the audit says where a number is missing, and ends with 1', async () => {
    const { events } = ownTopics();
    const options = sinkOptions(kafka, { topics: { ...ownTopics(), events } });
    await using client = openKafkaClient(options);
    await client.prepare();
    const without3 = [0, 1, 2, 4, 5].flatMap((seq) => recordsOf(message(seq, 'd'), 'normal', options.topics));
    await client.send(without3);
    const args = ['audit', '--kafka', '--brokers', kafka.bootstrap.join(), '--topic', events];
    await assert.rejects(run(process.execPath, [cli, ...args]), (error: { code?: number; stdout?: string }) => {
      assert.equal(error.code, 1);
      assert.match(error.stdout ?? '', /✗ gw-test: 1 numbers are missing[^]*missing 3/);
      return true;
    });
  });

  test('a Kafka that KAFKA_BOOTSTRAP names is the one that the tests use', async () => {
    const args = ['--test', '--test-reporter=tap', '--test-name-pattern=^each record is in the topics'];
    // Without Java and docker on the path there is no other.
    const env = { PATH: '', KAFKA_BOOTSTRAP: kafka.bootstrap.join() };
    const { stdout } = await run(process.execPath, [...args, 'test/integration/kafka.test.ts'], { env });
    assert.match(stdout, /ok \d+ - each record is in the topics that are its own/);
  });
}
