import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { isEffective, placeOf } from '../../contracts/effective-once.ts';
import { openBuffer } from '../../gateway/buffer/buffer.ts';
import { fencedSink, openFence } from '../../gateway/delivery/fence.ts';
import { startDeliveryLoop } from '../../gateway/delivery/delivery-loop.ts';
import { openKafkaSink } from '../../gateway/delivery/kafka/kafka-sink.ts';
import type { Topics } from '../../gateway/delivery/kafka/options.ts';
import { kafkaTables } from '../../gateway/delivery/kafka/tables.ts';
import { systemClock } from '../../gateway/lib/clock.ts';
import { passportParts } from '../../gateway/passport-parts.ts';
import { makePassport } from '../../gateway/passport/make.ts';
import { prepareArrival } from '../../gateway/passport/prepare-arrival.ts';
import { settleArrival } from '../../gateway/passport/settle-arrival.ts';
import { ownTopics, readAll, sinkOptions, type AnyKafka } from '../harness/kafka.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { entry, measurement, silent as log, tempDir } from '../unit/buffer/buffer-fixture.ts';
import { orderFor, passphrase } from '../unit/passport/passport-fixture.ts';

const clock = systemClock;
const gateway = 'gw-test';

/** A gateway between its buffer and Kafka. */
async function open(
  t: TestContext,
  kafka: AnyKafka,
  { dataDir, topics, epoch, letter }: { dataDir: string; topics: Topics; epoch: number; letter: string },
) {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const sinks = ['kafka'];
  const buffer = stack.use(await openBuffer({ dataDir, gateway, sinks, tables: [kafkaTables], epoch }, { log, clock }));
  const fence = stack.use(await openFence({ dataDir, gateway, identity: { epoch, instance: letter.repeat(16) }, log }));
  const sink = stack.use(openKafkaSink(sinkOptions(kafka, { topics }), { log, fence }));
  const loop = stack.use(startDeliveryLoop({ sink: fencedSink(sink, fence), outlet: buffer, log, clock, pollMs: 500 }));
  const waiting = async (): Promise<number> => (await buffer.ledger()).sinks[0]?.buffered ?? 0;
  const take = (n: number) => buffer.append(entry(measurement('d', n)));
  return { buffer, fence, loop, take, waiting };
}

export function kafkaFence(kafka: AnyKafka): void {
  test('in Kafka the gateway restored from a passport shuts the old one out; each record has one effect and none is lost', async (t) => {
    const topics = ownTopics();
    const [dataDir, other, out] = [await tempDir(t), await tempDir(t), `${await tempDir(t)}/p`];
    const old = await open(t, kafka, { dataDir, topics, epoch: 1, letter: 'a' });
    for (let n = 0; n < 20; n++) await old.take(n);
    await makePassport({ ...orderFor(dataDir), out }, passportParts);
    for (let n = 20; n < 30; n++) await old.take(n);
    await waitUntil('the old one delivers', async () => (await old.waiting()) === 0);

    await prepareArrival({ file: out, passphrase, dataDir: other, instance: 'b'.repeat(16) }, passportParts);
    await settleArrival(other, 0);
    const restored = await open(t, kafka, { dataDir: other, topics, epoch: 2, letter: 'b' });
    await restored.take(100);
    await waitUntil('the restored one delivers', async () => (await restored.waiting()) === 0);
    await old.take(50);
    await waitUntil('the old one is shut out', () => old.fence.signal.aborted);
    await waitUntil('it stops', () => old.loop.status().state === 'stopped');
    assert.equal(await old.waiting(), 1);

    const state = new Map<string, readonly [number, number, number]>();
    const effects = new Map<number, number>();
    const writers = new Set<string>();
    for (const { key, value, headers } of await readAll(kafka, [topics.events])) {
      const place = placeOf(key, headers);
      if (place === undefined || !isEffective(place, state)) continue;
      const n = (JSON.parse(value) as { m: { v: number }[] }).m[0]?.v ?? -1;
      effects.set(n, (effects.get(n) ?? 0) + 1);
      writers.add(`${n < 30 ? 'before' : 'after'} ${headers.get('epoch')}`);
    }
    const wanted = [...Array.from({ length: 30 }, (_, n) => n), 100];
    assert.deepEqual(
      [...effects].toSorted(([a], [b]) => a - b),
      wanted.map((n) => [n, 1]),
    );
    assert.deepEqual([...writers], ['before 1', 'after 2']);
  });
}
