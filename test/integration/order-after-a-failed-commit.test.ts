import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PortcullisError } from '../../contracts/errors.ts';
import type { Measurement } from '../../contracts/message.ts';
import type { Ingest } from '../../contracts/pipeline.ts';
import { startGroupCommit, type GroupCommitDeps } from '../../gateway/buffer/group-commit.ts';
import { systemClock } from '../../gateway/lib/clock.ts';
import { listenMqtt } from '../../gateway/transports/mqtt/listen-mqtt.ts';
import { silent } from '../unit/buffer/buffer-fixture.ts';
import { memoryBuffer, openStage } from '../unit/preprocess/stage.ts';
import { connectClient, until } from '../unit/transports/mqtt/broker.ts';
import { openSqliteStore, temporaryFile } from '../unit/transports/mqtt/sqlite-store.ts';

for (const qos of [0, 1, 2] as const) {
  test(`the messages of a client keep their order when the commit of one fails: QoS ${qos}`, async (t) => {
    const [begun, failing] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const kept: unknown[] = [];
    const commit: GroupCommitDeps['commit'] = async ({ lanes }) => {
      begun.resolve();
      await failing.promise;
      for (const line of lanes.flatMap(({ text }) => String(text).split('\n').slice(1))) {
        kept.push((JSON.parse(line) as Measurement).m[0]?.v);
      }
      return { bytes: 0 };
    };
    const linger = { maxMs: 0, commitsPerDay: 0 };
    const group = startGroupCommit({ commit, onArrival: () => undefined, queueBytes: 1_000_000, linger });
    const stage = await openStage({ ...memoryBuffer(t), append: (entry) => group.append(entry) });
    let came = 0;
    const ingest: Ingest = (envelope, alongside) => {
      const outcome = stage.ingest(envelope, alongside);
      came += 1;
      if (came === 3) {
        failing.reject(new PortcullisError('STORE_FAILED', 'The disk failed.'));
        failing.promise = Promise.resolve();
      }
      return outcome;
    };
    const transport = await listenMqtt(
      { host: '127.0.0.1', tcp: { port: 0 }, anonymous: true },
      { ingest, store: openSqliteStore(t, temporaryFile(t)), log: silent, clock: systemClock },
    );
    t.after(() => transport[Symbol.asyncDispose]());
    const client = await connectClient(t, transport.ports.tcp ?? 0);
    const say = (humidity: number) =>
      client.publishAsync('house/lamp', JSON.stringify({ values: { humidity } }), { qos });
    const first = say(1);
    await begun.promise;
    await Promise.all([first, say(2), say(3)]);
    await until(() => kept.length >= 3);
    assert.deepEqual(kept, [1, 2, 3]);
    assert.ok(client.connected);
  });
}
