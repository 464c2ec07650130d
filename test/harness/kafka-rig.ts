import { setTimeout } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import type { Measurement } from '../../contracts/message.ts';
import { openBuffer, type Buffer } from '../../gateway/buffer/buffer.ts';
import { SequenceAudit, judge, type GatewayVerdict } from '../../gateway/cli/sequence-audit.ts';
import { placeOf } from '../../contracts/effective-once.ts';
import { startDeliveryLoop, type DeliveryLoop } from '../../gateway/delivery/delivery-loop.ts';
import { readTestSwitches } from '../../gateway/config/test-switches.ts';
import { openKafkaSink, type KafkaDeps, type KafkaSink } from '../../gateway/delivery/kafka/kafka-sink.ts';
import type { KafkaOptions } from '../../gateway/delivery/kafka/options.ts';
import { kafkaTables } from '../../gateway/delivery/kafka/tables.ts';
import { systemClock } from '../../gateway/lib/clock.ts';
import type { Kafka } from '../../simulator/kafka/start-kafka.ts';
import { entry, measurement, silent, tempDir } from '../unit/buffer/buffer-fixture.ts';
import { readAll, sinkOptions } from './kafka.ts';
import { openTestClient } from './unconfirmed-client.ts';
import { waitUntil } from './wait-until.ts';

export interface KafkaRig {
  readonly options: KafkaOptions;
  readonly buffer: Buffer;
  readonly sink: KafkaSink;
  readonly loop: DeliveryLoop;
  /** Commits so many records, spread over devices; resolves when they are on disk. */
  readonly fill: (count: number, devices?: number) => Promise<void>;
  /** Resolves when the ledger says that so many are in Kafka. */
  readonly delivered: (count: number, sink?: string) => Promise<void>;
  /** What the audit says of the topic, held against the ledger. */
  readonly verdict: () => Promise<GatewayVerdict>;
}

const gateway = 'gw-test';
const backoff = { firstMs: 50, ceilingMs: 500, floorMs: 10, stableMs: 60_000 };

/** A real buffer that is delivered to a real Kafka; everything ends with the test. */
export async function openKafkaRig(
  t: TestContext,
  kafka: Pick<Kafka, 'bootstrap'>,
  {
    options: over,
    sinks = ['kafka'],
    deps,
  }: { options?: Partial<KafkaOptions>; sinks?: string[]; deps?: Partial<KafkaDeps> } = {},
): Promise<KafkaRig> {
  const options = sinkOptions(kafka, over);
  const dataDir = await tempDir(t);
  const buffer = await openBuffer(
    { dataDir, gateway, sinks, tables: [kafkaTables] },
    { log: silent, clock: systemClock },
  );
  t.after(() => buffer[Symbol.asyncDispose]());
  const sink = openKafkaSink(options, { log: silent, openClient: openTestClient, ...deps });
  t.after(() => sink[Symbol.asyncDispose]());
  // With `PORTCULLIS_BREAK=settle-before-ack` every test over this must fail: a negative control.
  const { settle } = readTestSwitches();
  const loop = startDeliveryLoop({
    sink,
    outlet: buffer,
    log: silent,
    clock: systemClock,
    backoff,
    pollMs: 200,
    settle,
  });
  t.after(() => loop[Symbol.asyncDispose]());
  let next = 0;
  const lineOf = async (name: string) => (await buffer.ledger()).sinks.find((line) => line.sink === name);
  return {
    options,
    buffer,
    sink,
    loop,
    async fill(count, devices = 7) {
      const made = Array.from({ length: count }, (): Measurement => measurement(`d${next % devices}`, next++));
      await Promise.all(made.map((one) => buffer.append(entry(one))));
    },
    delivered: (count, name = 'kafka') =>
      waitUntil(`${count} records in ${name}`, async () => ((await lineOf(name))?.delivered ?? 0) >= count, 90_000),
    async verdict() {
      const audit = new SequenceAudit();
      const ledger = await lineOf('kafka');
      for (const { key, headers } of await readAll(kafka, [options.topics.events])) {
        const place = placeOf(key, headers);
        if (place) audit.take(place);
      }
      return judge(gateway, audit.report(), ledger, false);
    },
  };
}

/** Commits records as devices do until told to stop; says how many. */
export function underLoad({ fill }: Pick<KafkaRig, 'fill'>): () => Promise<number> {
  const end = new AbortController();
  let count = 0;
  const done = (async () => {
    while (!end.signal.aborted) {
      await fill(50, 20);
      count += 50;
      await setTimeout(20);
    }
  })();
  return async () => {
    end.abort();
    await done;
    return count;
  };
}
