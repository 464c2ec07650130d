import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import type { Message } from '../../contracts/message.ts';
import type { Batch } from '../../contracts/sink.ts';
import { openInfluxSink, type InfluxOptions } from '../../gateway/delivery/influx/influx-sink.ts';
import { cannotRun } from '../harness/cannot-run.ts';
import { startDaemon } from '../harness/daemon.ts';
import { noInflux, startInflux, type TestInflux } from '../harness/influx.ts';
import { startPublisher } from '../harness/publisher.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { message } from '../unit/delivery/memory-outlet.ts';
import { sinkConformance } from '../unit/delivery/sink-conformance.ts';

const because = noInflux();
const lasting = (): AbortSignal => new AbortController().signal;

function sinkOf(t: TestContext, influx: Pick<TestInflux, 'url' | 'database'>, change: Partial<InfluxOptions> = {}) {
  const options = { url: new URL(influx.url), into: { db: influx.database }, version: 1 as const, maxSeries: 100 };
  const sink = openInfluxSink({ ...options, ...change }, { log: pino({ level: 'silent' }) });
  t.after(() => sink[Symbol.asyncDispose]());
  return sink;
}

const batchOf = (...messages: Message[]): Batch => ({
  sink: 'influx',
  lane: 'normal',
  items: messages.map((one, index) => ({ lsn: index + 1, message: one })),
});

if (because === undefined) {
  sinkConformance('InfluxDB', async (t) => {
    const influx = await startInflux(t);
    return {
      sink: sinkOf(t, influx),
      goAway: async () => influx.goAway(),
      comeBack: async () => influx.comeBack(),
      loseNextAnswer: async () => influx.loseNextAnswer(),
      effects: async () => {
        const rows = await influx.ask('SELECT seq, device FROM /.*/');
        return rows.map(({ seq, device }) => ({ id: message(Number(seq), String(device)).id, device: String(device) }));
      },
    };
  });
}

test('names that are hard to write come back as they were, with unit, place and the exact time', async (t) => {
  if (cannotRun(t, because)) return;
  const influx = await startInflux(t);
  const sink = sinkOf(t, influx);
  await sink.connect(lasting());
  const odd = String.raw`a,b =c\d"e` + 'ü';
  const ts = 1_700_000_000_123;
  const m = [
    { n: 'tem,pe ra=ture', v: -0.5, u: '%RH, x' },
    { n: 'mode', vs: 'say "hi"\\\nthere' },
    { n: 'on', vb: true, ep: '1' },
    { n: 'gone', q: 'stale' as const },
  ];
  const place = { site: 'home, sweet', room: String.raw`end\ ` };
  const { verdicts } = await sink.write(batchOf(message(7, odd, { ts, m, place })), lasting());
  assert.deepEqual(verdicts, [{ is: 'accept' }]);
  const rows = await influx.ask('SELECT * FROM /.*/');
  const byName = new Map(rows.map((row) => [row['name'], row]));
  assert.deepEqual([...byName.keys()].map(String).sort(), ['mode', 'on', 'tem,pe ra=ture']);
  const number = byName.get('tem,pe ra=ture');
  assert.deepEqual(
    ['value', 'unit', 'device', 'site', 'room'].map((key) => number?.[key]),
    [-0.5, '%RH, x', odd, 'home, sweet', String.raw`end\ `],
  );
  assert.equal(Math.floor(Number(number?.['time']) / 1e6), ts);
  assert.deepEqual(
    [byName.get('mode')?.['text'], byName.get('on')?.['state'], byName.get('on')?.['endpoint']],
    ['say "hi"\\\nthere', true, '1'],
  );
});

test('a record that the database refuses is rejected alone, with what it said', async (t) => {
  if (cannotRun(t, because)) return;
  const influx = await startInflux(t);
  await influx.ask('CREATE RETENTION POLICY day ON house DURATION 1d REPLICATION 1');
  const sink = sinkOf(t, influx, { into: { db: influx.database, rp: 'day' } });
  const now = Date.now();
  const { verdicts } = await sink.write(
    batchOf(message(1, 'a', { ts: now }), message(2, 'b', { ts: 1_000 }), message(3, 'c', { ts: now })),
    lasting(),
  );
  assert.deepEqual(
    verdicts.map(({ is }) => is),
    ['accept', 'reject', 'accept'],
  );
  const [, refused] = verdicts;
  assert.ok(
    refused?.is === 'reject' && refused.code === 'INFLUX_REFUSED' && /retention/.test(refused.detail),
    JSON.stringify(refused),
  );
});

test('a database that is not there keeps everything; more series than allowed are rejected', async (t) => {
  if (cannotRun(t, because)) return;
  const influx = await startInflux(t);
  const nowhere = await sinkOf(t, influx, { into: { db: 'nowhere' } }).write(batchOf(message(1, 'a')), lasting());
  assert.deepEqual([nowhere.verdicts, nowhere.pause?.reason], [[{ is: 'keep' }], 'database']);
  const few = await sinkOf(t, influx, { maxSeries: 1 }).write(
    batchOf(message(1, 'a'), message(2, 'b'), message(3, 'a')),
    lasting(),
  );
  assert.deepEqual(
    few.verdicts.map((one) => (one.is === 'reject' ? one.code : one.is)),
    ['accept', 'INFLUX_SERIES', 'accept'],
  );
});

test('what devices publish is in InfluxDB, by configuration', async (t) => {
  if (cannotRun(t, because)) return;
  const influx = await startInflux(t);
  const daemon = await startDaemon(t, { config: { influx: { url: influx.url, database: influx.database } } });
  const publisher = await startPublisher({ port: daemon.mqttPort, devices: 2, pauseMs: 5 });
  await waitUntil('messages to be acknowledged', async () => publisher.acknowledged.size > 20);
  await publisher.stop();
  const there = async (): Promise<number[]> =>
    (await influx.ask('SELECT value FROM "x.json.n"')).map(({ value }) => Number(value));
  await waitUntil('all of them to be in InfluxDB', async () => (await there()).length >= publisher.acknowledged.size);
  const found = new Set(await there());
  assert.deepEqual(
    [...publisher.acknowledged].filter((n) => !found.has(n)),
    [],
  );
});
