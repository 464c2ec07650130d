import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import type { Envelope } from '../../../contracts/plugin.ts';
import type { Write } from '../../../contracts/table-set.ts';
import { inspectBuffer } from '../../../gateway/buffer/inspect.ts';
import { openTraffic } from '../../../gateway/preflight/open-traffic.ts';
import { lastDay, packSamples } from '../../../gateway/preflight/packed-samples.ts';
import { trafficTables } from '../../../gateway/preflight/traffic-tables.ts';
import { handClock, open, silent, tempDir } from '../buffer/buffer-fixture.ts';

const envelope = (topic: string, receivedAt = 0): Envelope => ({
  transport: 'mqtt',
  client: 'c',
  topic,
  payload: new Uint8Array([1, 2]),
  retain: false,
  receivedAt,
});

const outcome = { stored: 1, filtered: 0, deadLettered: 0 };

test('a period rides along with a later message, the rest is saved at the close, and both are read back', async (t) => {
  const dir = await tempDir(t);
  const clock = handClock();
  const buffer = await open(t, dir, { tables: [trafficTables], clock });
  const traffic = openTraffic({ store: buffer, clock, log: silent });
  const commits: (readonly Write[])[] = [];
  const ingest = traffic.watch(async (_, alongside = []) => {
    commits.push(alongside);
    if (alongside.length > 0) await buffer.write(alongside);
    return outcome;
  });
  const own: Write = { statement: 'traffic.prune', params: [] };
  await ingest(envelope('a'));
  clock.advance(300_000);
  await ingest(envelope('b'));
  for (let tries = 0; tries < 200 && commits.every((writes) => writes.length < 3); tries++) {
    await sleep(5);
    await ingest(envelope('c'), [own]);
  }
  assert.deepEqual(
    commits.filter((writes) => writes.length > 1).map((writes) => writes.map(({ statement }) => statement)),
    [['traffic.prune', 'traffic.save', 'traffic.prune']],
  );
  await traffic[Symbol.asyncDispose]();
  await traffic[Symbol.asyncDispose]();

  using reader = inspectBuffer(dir);
  const periods = reader.rows(trafficTables, 'all').map(({ samples }) => samples as Uint8Array);
  const { samples, damaged } = lastDay(periods);
  assert.equal(damaged, 0);
  assert.deepEqual(samples.map(({ topic }) => topic).toSorted(), ['a', 'b', 'c']);
  assert.deepEqual([...(samples[0]?.payload ?? [])], [1, 2]);
});

test('old periods make room: the table is bounded in bytes', async (t) => {
  const buffer = await open(t, await tempDir(t), { tables: [trafficTables] });
  for (let at = 0; at < 6; at++) {
    await buffer.write([
      { statement: 'traffic.save', params: [new Uint8Array(500_000).fill(at)] },
      { statement: 'traffic.prune', params: [] },
    ]);
  }
  const rows = await buffer.read('traffic.all', []);
  assert.deepEqual(
    rows.map(({ samples }) => (samples as Uint8Array)[0]),
    [2, 3, 4, 5],
  );
});

test('a message that cannot be stored rejects as it would without the samples', async () => {
  const traffic = openTraffic({ store: { write: () => Promise.resolve() }, clock: handClock(), log: silent });
  const broken = new Error('no');
  await assert.rejects(traffic.watch(() => Promise.reject(broken))(envelope('a')), broken);
  await traffic[Symbol.asyncDispose]();
});

test('the last day is a day before the newest sample, and a damaged period is left out', async () => {
  const day = 86_400_000;
  const periods = [
    await packSamples([envelope('old', day)]),
    new Uint8Array([1, 2, 3]),
    await packSamples([envelope('young', 2 * day - 1), envelope('newest', 2 * day)]),
  ];
  const { samples, damaged } = lastDay(periods);
  assert.deepEqual([samples.map(({ topic }) => topic), damaged], [['young', 'newest'], 1]);
});

test('a data folder from before the recording has no samples and no error', async (t) => {
  const dir = await tempDir(t);
  await open(t, dir);
  using reader = inspectBuffer(dir);
  assert.deepEqual(reader.rows(trafficTables, 'all'), []);
});
