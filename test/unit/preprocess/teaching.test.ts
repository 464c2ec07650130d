import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { IngestStage } from '../../../gateway/preprocess/ingest.ts';
import { threadKnowledge } from '../../../gateway/preprocess/thread-knowledge.ts';
import { envelope, memoryBuffer, openStage, withCode } from './stage.ts';
import type { MemoryBuffer } from './stage.ts';

const units = ['°C', '°F', 'K'] as const;
const reading = (n: number) => envelope('house/lamp', { values: { temperature: n }, ms: n % 3 });

/** The source unit of each stored measurement, in the order of commit. */
const unitsOf = ({ entries }: MemoryBuffer): (string | undefined)[] =>
  entries.flatMap(({ measurements }) => measurements.map(({ m }) => m[0]?.ru ?? m[0]?.u));

test('a message sees exactly what was taught before it, in all threads', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer, { threads: 2, batch: { envelopes: 4, bytes: 65_536 } });
  const sent: Promise<unknown>[] = [];
  for (let round = 0; round < 12; round++) {
    sent.push(stage.ingest(envelope('house/units/temperature', units[round % 3])));
    for (let n = 0; n < 10; n++) sent.push(stage.ingest(reading(n)));
  }
  await Promise.all(sent);
  const expected = Array.from({ length: 120 }, (_, n) => ['Cel', '°F', 'K'][Math.floor(n / 10) % 3]);
  assert.deepEqual(unitsOf(buffer), expected);
});

test('knowledge is committed with its message and found again after a restart', async (t) => {
  const buffer = memoryBuffer(t);
  const first = await openStage(buffer);
  await first.ingest(envelope('house/units/temperature', '°F'));
  assert.deepEqual(buffer.entries[0]?.writes, [
    { statement: 'ingest.know', params: ['house', 'units:temperature', '"°F"', null] },
  ]);
  // No clean end: the second one starts from what is on disk.
  const second = await openStage(buffer, { threads: 2 });
  await Promise.all([second.ingest(reading(1)), second.ingest(reading(2)), second.ingest(reading(3))]);
  assert.deepEqual(unitsOf(buffer), ['°F', '°F', '°F']);
  await second.ingest(envelope('house/units/temperature', ''));
  const third = await openStage(buffer);
  await third.ingest(reading(4));
  assert.equal(unitsOf(buffer).at(-1), undefined);
});

test('knowledge whose commit failed reaches the disk with the next message', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer);
  buffer.before = () => {
    throw new PortcullisError('DISK_FULL', 'no room');
  };
  await assert.rejects(stage.ingest(envelope('house/units/temperature', 'K')), withCode('DISK_FULL'));
  await assert.rejects(stage.ingest(reading(1)), withCode('DISK_FULL'));
  buffer.before = () => undefined;
  await stage.ingest(reading(1));
  const rows = await buffer.store.read('ingest.knowledge', []);
  assert.deepEqual(
    rows.map((row) => row['json']),
    ['"K"'],
  );
});

test('a topic that knowledge claims comes to the plugin, from the next message on', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer);
  const foreign = () => envelope('some/other/topic', { device: 'house:found', values: { humidity: 1 } });
  const outcomes = await Promise.all([
    stage.ingest(foreign()),
    stage.ingest(envelope('house/claim/found', 'some/other/topic')),
    stage.ingest(foreign()),
    stage.ingest(envelope('house/units/behind', 'V')),
  ]);
  assert.deepEqual(
    outcomes.map(({ stored }) => stored),
    [0, 0, 1, 0],
  );
  const known = await buffer.store.read('ingest.knowledge', []);
  assert.deepEqual(new Set(known.map((row) => row['key'])), new Set(['claim:found', 'units:behind']));
  const restarted = await openStage(buffer);
  assert.equal((await restarted.ingest(foreign())).stored, 1);
});

test('a lesson that fails is a dead letter and teaches nothing', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer);
  await stage.ingest(envelope('house/units/temperature', 'crash while learning'));
  assert.equal(buffer.entries[0]?.deadLetters[0]?.code, 'learn-failed');
  assert.equal(stage.stats().knowledgeVersion, 0);
});

test('what a login taught no other changes, also after a restart, until that login is no more', async (t) => {
  const buffer = memoryBuffer(t);
  const teach = (stage: IngestStage, unit: string, user?: string) =>
    stage.ingest(envelope('house/units/temperature', unit, { user }));
  const first = await openStage(buffer, { threads: 2 });
  first.believe(() => true);
  await teach(first, '°C');
  await teach(first, '°F', 'lamp');
  for (const stage of [first, await openStage(buffer)]) {
    for (const user of ['thief', undefined]) {
      assert.equal((await teach(stage, 'K', user)).deadLettered, 1);
      assert.equal((await teach(stage, '', user)).deadLettered, 1);
    }
    const [letter] = buffer.entries.at(-1)?.deadLetters ?? [];
    assert.deepEqual([letter?.code, letter?.origin?.user], ['learn-failed', undefined]);
    assert.match(letter?.detail ?? '', /belongs to the login lamp/);
    await stage.ingest(reading(1));
    assert.equal(unitsOf(buffer).at(-1), '°F');
  }
  const second = await openStage(buffer, { threads: 2 });
  assert.equal((await teach(second, '°C', 'lamp')).deadLettered, 0);
  second.believe((user) => user !== 'lamp');
  assert.equal((await teach(second, 'K', 'new')).deadLettered, 0);
  assert.equal((await teach(second, '°F', 'lamp')).deadLettered, 1);
  await second.ingest(reading(1));
  assert.equal(unitsOf(buffer).at(-1), 'K');
});

test("a key that is proven to be the sender's changes hands, and the last word about a key counts", () => {
  const thread = threadKnowledge(1);
  thread.learn(0, [{ key: 'a', value: 1 }], 'thief');
  assert.deepEqual(thread.learn(0, [{ key: 'a', value: 1 }], 'thief'), []);
  assert.throws(() => thread.learn(0, [{ key: 'a', value: 1, proven: true }]), { code: 'NOT_ALLOWED' });
  const taken = [{ plugin: 0, key: 'a', json: '1', by: 'lamp' }];
  assert.deepEqual(thread.learn(0, [{ key: 'a', value: 1, proven: true }], 'lamp'), taken);
  const twice = [
    { key: 'a', value: undefined },
    { key: 'a', value: 1 },
  ];
  assert.deepEqual(thread.learn(0, twice, 'lamp'), []);
  assert.equal(thread.of(0).get('a'), 1);
  assert.equal(thread.ownerOf(0, 'a'), 'lamp');
});

test('a login teaches of topics that it may publish only, and who has none of any', () => {
  const thread = threadKnowledge(1);
  const lesson = { key: 't:lamp/state', value: 1, topic: 'lamp/state' };
  for (const publishes of [undefined, [], ['bulb/#', 'lamp/+/x']]) {
    assert.throws(() => thread.learn(0, [{ key: 'a', value: 1 }, lesson], 'bulb', publishes), {
      code: 'NOT_ALLOWED',
      message: 'It names the topic lamp/state, where the login bulb may not publish.',
    });
  }
  assert.equal(thread.of(0).size, 0, 'a message that names such a topic teaches nothing');
  assert.equal(thread.learn(0, [lesson], 'lamp', ['x/#', 'lamp/#']).length, 1);
  assert.equal(threadKnowledge(1).learn(0, [lesson]).length, 1);
});

test('commands are encoded with what is known', async (t) => {
  const stage = await openStage(memoryBuffer(t), { threads: 2 });
  await stage.ingest(envelope('house/units/a', 'V'));
  await stage.ingest(envelope('house/units/b', 'V'));
  for (let n = 0; n < 4; n++) {
    const { outbound } = await stage.encode('house', 'set', { device: 'lamp', args: { on: true } });
    assert.equal(outbound[0]?.payload, '{"on":true,"knows":2}');
  }
});
