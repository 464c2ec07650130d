import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDeliveryLoop } from '../../gateway/delivery/delivery-loop.ts';
import { openKafkaClient, type KafkaClient } from '../../gateway/delivery/kafka/kafka-client.ts';
import { openKafkaSink } from '../../gateway/delivery/kafka/kafka-sink.ts';
import type { KafkaOptions } from '../../gateway/delivery/kafka/options.ts';
import { kafkaTables } from '../../gateway/delivery/kafka/tables.ts';
import { tuyaTables } from '../../gateway/delivery/tuya/tables.ts';
import type { Kafka } from '../../simulator/kafka/start-kafka.ts';
import { readAll, sinkOptions } from '../harness/kafka.ts';
import { openKafkaRig, underLoad } from '../harness/kafka-rig.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { entry, measurement, open, silent, tempDir } from '../unit/buffer/buffer-fixture.ts';
import { VirtualTime } from '../unit/delivery/virtual-time.ts';
import { openTuyaRig } from './tuya-rig.ts';

const hourMs = 3_600_000;

/** A client whose calls wait at a gate that the test opens. */
function gated(gate: Promise<void>) {
  return (options: KafkaOptions): KafkaClient => {
    const client = openKafkaClient(options);
    return { ...client, send: (records) => gate.then(() => client.send(records)) };
  };
}

/** Kafka away for a moment or for days, alone or with the cloud; slow; behind by a long backlog. */
export function kafkaOutages(kafka: Kafka): void {
  const [node] = kafka.nodes;
  if (node === undefined) throw new Error('a cluster has a node');

  for (const way of ['stop', 'kill'] as const) {
    test(`under load the broker is taken away (${way}) and comes back: one effect each, in order`, async (t) => {
      const rig = await openKafkaRig(t, kafka);
      await rig.fill(300);
      await rig.delivered(300);
      const stop = underLoad(rig);
      await node[way]();
      await waitUntil('the loop notices', () => rig.loop.status().outage);
      await node.start();
      const committed = 300 + (await stop());
      await rig.delivered(committed);
      const { proof, says } = await rig.verdict();
      assert.equal(proof, 'proven', says);
    });
  }

  test('a sink that stands still does not hold up ingest, and its backlog drains while more arrives', async (t) => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const rig = await openKafkaRig(t, kafka, { deps: { openClient: gated(gate) } });
    await rig.fill(20_000, 50);
    const [line] = (await rig.buffer.ledger()).sinks;
    assert.deepEqual([line?.accepted, line?.delivered], [20_000, 0]);
    open();
    await rig.fill(2_000, 50);
    await rig.delivered(22_000);
    const { proof, says } = await rig.verdict();
    assert.equal(proof, 'proven', says);
  });

  test('each of cloud and Kafka goes on while the other is away; both away for 30 hours, each gets all it missed, in order, once', async (t) => {
    const time = new VirtualTime();
    const dataDir = await tempDir(t);
    const tables = [tuyaTables, kafkaTables];
    const buffer = await open(t, dataDir, { clock: time, sinks: ['tuya', 'kafka'], tables });
    const cloud = await openTuyaRig(t, { sink: { batch: true }, deps: { store: buffer } });
    const options = sinkOptions(kafka);
    let away = true;
    const refused = Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
    const sink = openKafkaSink(options, {
      log: silent,
      openClient: (given) => {
        const client = openKafkaClient(given);
        const guard = (call: () => Promise<void>) => (away ? Promise.reject(refused) : call());
        return {
          ...client,
          prepare: () => guard(() => client.prepare()),
          send: (records) => guard(() => client.send(records)),
        };
      },
    });
    t.after(() => sink[Symbol.asyncDispose]());
    for (const one of [cloud.sink, sink]) {
      const loop = startDeliveryLoop({
        sink: one,
        outlet: buffer,
        log: silent,
        clock: time,
        scheduler: time,
        pollMs: hourMs,
      });
      t.after(() => loop[Symbol.asyncDispose]());
    }
    let next = 0;
    const fill = async (count: number): Promise<void> => {
      const values = Array.from({ length: count }, () => next++);
      await Promise.all(values.map((value) => buffer.append(entry(measurement(`d${value % 5}`, value)))));
    };
    const has = async (name: string, count: number): Promise<boolean> => {
      await time.advance(1_000);
      return ((await buffer.ledger()).sinks.find((line) => line.sink === name)?.delivered ?? 0) >= count;
    };
    await fill(100);
    await waitUntil('the cloud has what came while Kafka is away', () => has('tuya', 100));
    assert.ok(!(await has('kafka', 1)));
    await cloud.fault({ kind: 'refuse', forMs: 600_000 });
    for (let hour = 0; hour < 30; hour++) {
      await fill(20);
      await time.advance(hourMs);
    }
    away = false;
    await waitUntil('Kafka has all while the cloud is still away', () => has('kafka', 700), 60_000);
    assert.ok(!(await has('tuya', 101)));
    await cloud.clearFaults();
    await waitUntil('the cloud has all', () => has('tuya', 700), 60_000);
    const events = await readAll(kafka, [options.topics.events]);
    assert.equal(events.length, 700);
    const rows = await cloud.received();
    for (const device of ['d0', 'd1', 'd2', 'd3', 'd4']) {
      const own = events.filter(({ key }) => key === device).map(({ headers }) => headers);
      const sequences = own.map((headers) => Number(headers.get('sequence')));
      assert.deepEqual(
        sequences,
        [...new Set(sequences)].toSorted((a, b) => a - b),
      );
      const ids = own.map((headers) => headers.get('id') ?? '');
      assert.deepEqual(
        rows.filter(({ key }) => ids.includes(key)).map(({ key }) => key),
        ids,
        `the cloud has ${device} in the same order`,
      );
    }
    assert.deepEqual([rows.length, rows.every(({ effects }) => effects === 1)], [700, true]);
  });
}
