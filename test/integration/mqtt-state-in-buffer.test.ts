import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { connectAsync } from 'mqtt';
import type { Ingest } from '../../contracts/pipeline.ts';
import { openBuffer } from '../../gateway/buffer/buffer.ts';
import { systemClock } from '../../gateway/lib/clock.ts';
import { listenMqtt } from '../../gateway/transports/mqtt/listen-mqtt.ts';
import { mqttTables } from '../../gateway/transports/mqtt/tables.ts';
import { measurement, silent, tempDir } from '../unit/buffer/buffer-fixture.ts';

interface Run extends AsyncDisposable {
  readonly port: number;
  readonly ingested: readonly string[];
}

/** The broker over the real buffer, each message stored as one measurement in the transaction of its traces. */
async function run(dataDir: string): Promise<Run> {
  const deps = { log: silent, clock: systemClock };
  const buffer = await openBuffer({ dataDir, gateway: 'gw-test', sinks: ['cloud'], tables: [mqttTables] }, deps);
  const ingested: string[] = [];
  const ingest: Ingest = async ({ client, topic }, writes = []) => {
    await buffer.append({ measurements: [measurement(client, 1)], filtered: [], deadLetters: [], writes });
    ingested.push(topic);
    return { stored: 1, filtered: 0, deadLettered: 0 };
  };
  const options = { host: '127.0.0.1', tcp: { port: 0 }, anonymous: true };
  const mqtt = await listenMqtt(options, { ...deps, store: buffer, ingest });
  return {
    port: mqtt.ports.tcp ?? 0,
    ingested,
    async [Symbol.asyncDispose]() {
      await mqtt[Symbol.asyncDispose]();
      await buffer[Symbol.asyncDispose]();
    },
  };
}

async function client(t: TestContext, port: number, clientId: string, clean: boolean) {
  const connected = await connectAsync(`mqtt://127.0.0.1:${port}`, { clientId, clean, reconnectPeriod: 0 });
  t.after(() => connected.end(true));
  return connected;
}

test('sessions, queues and retained messages live in the buffer beside the messages', async (t) => {
  const dataDir = await tempDir(t);
  {
    await using first = await run(dataDir);
    const reader = await client(t, first.port, 'reader', false);
    await reader.subscribeAsync('home/#', { qos: 1 });
    await reader.endAsync();
    const meter = await client(t, first.port, 'meter', true);
    const sending = Array.from({ length: 300 }, (_, i) =>
      meter.publishAsync(`home/${i}`, String(i), { qos: i % 2 === 0 ? 1 : 2, retain: i === 7 }),
    );
    await Promise.all(sending);
    assert.equal(first.ingested.length, 300);
  }
  await using second = await run(dataDir);
  const got = new Set<string>();
  const { connect } = await import('mqtt');
  const reader = connect(`mqtt://127.0.0.1:${second.port}`, { clientId: 'reader', clean: false, reconnectPeriod: 0 });
  t.after(() => reader.end(true));
  const all = Promise.withResolvers<void>();
  reader.on('message', (topic) => {
    got.add(topic);
    if (got.size === 300) all.resolve();
  });
  await all.promise;
  const late = await client(t, second.port, 'late', true);
  const retained = Promise.withResolvers<string>();
  late.on('message', (topic) => retained.resolve(topic));
  await late.subscribeAsync('home/+');
  assert.equal(await retained.promise, 'home/7');
});
