import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PortcullisError } from '../../../contracts/errors.ts';
import { defaultSteps } from '../../../gateway/preprocess/options.ts';
import { listen } from '../../../gateway/observability/channels.ts';
import { envelope, housePlugin, memoryBuffer, openStage, withCode } from './stage.ts';

test('a message is decoded, converted, placed and committed before its promise resolves', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer);
  const sent = { metrics: [{ n: 'temperature', key: 't', value: 212, unit: '°F' }] };
  const outcome = await stage.ingest(envelope('house/lamp', sent));
  assert.deepEqual(outcome, { stored: 1, filtered: 0, deadLettered: 0 });
  assert.deepEqual(buffer.entries[0]?.measurements, [
    {
      kind: 'telemetry',
      cls: 'telemetry',
      dev: { id: 'house:lamp' },
      ts: Date.UTC(2026, 6, 1, 12),
      rts: Date.UTC(2026, 6, 1, 12),
      clk: 'gateway',
      m: [{ n: 'temperature', v: 100, u: 'Cel', raw: 212, ru: '°F' }],
      place: { site: 'home', room: 'kitchen' },
      src: { proto: 'house', topic: 'house/lamp' },
    },
  ]);
});

test('what accompanies a message is part of its entry', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer);
  const alongside = [{ statement: 'mqtt.retain', params: ['house/lamp'] }];
  await stage.ingest(envelope('house/lamp', { values: { humidity: 4 } }), alongside);
  assert.deepEqual(buffer.entries[0]?.writes, alongside);
});

test('a payload that the plugin cannot read becomes a dead letter with a bounded sample', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer);
  const outcome = await stage.ingest(envelope('house/lamp', `{"broken":${'x'.repeat(5_000)}`));
  assert.deepEqual(outcome, { stored: 0, filtered: 0, deadLettered: 1 });
  const letter = buffer.entries[0]?.deadLetters[0];
  assert.ok(letter);
  const { sample, detail, origin, ...rest } = letter;
  assert.equal(sample.length, 1_024);
  assert.equal(sample.length + (origin?.rest.length ?? 0), 5_000 + '{"broken":'.length);
  assert.equal(origin?.client, 'tester');
  assert.match(detail, /JSON.*Sent by the client tester\./);
  assert.deepEqual(rest, {
    device: 'plugin:house',
    plugin: 'house',
    topic: 'house/lamp',
    code: 'decode-failed',
    receivedAt: Date.UTC(2026, 6, 1, 12),
  });
});

test('a reading that breaks the rules is a dead letter of its device', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer);
  await stage.ingest(envelope('house/lamp', { metrics: [{ n: '', key: 'x', value: 1 }] }));
  const [letter] = buffer.entries[0]?.deadLetters ?? [];
  assert.equal(letter?.code, 'invalid-reading');
  assert.equal(letter.device, 'house:lamp');
});

test('a topic that no plugin wants is a dead letter, or goes to the fallback', async (t) => {
  const buffer = memoryBuffer(t);
  const strict = await openStage(buffer);
  await strict.ingest(envelope('strange/topic', { values: { humidity: 1 } }));
  assert.equal(buffer.entries[0]?.deadLetters[0]?.code, 'no-plugin');
  const lenient = await openStage(buffer, { fallback: 'house' });
  await lenient.ingest(envelope('strange/topic', { values: { humidity: 1 } }));
  assert.equal(buffer.entries[1]?.measurements[0]?.dev.id, 'house:topic');
});

test('a message that was understood and holds nothing counts as filtered', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer);
  const outcome = await stage.ingest(envelope('house/lamp', { do: 'nothing' }));
  assert.deepEqual(outcome, { stored: 0, filtered: 1, deadLettered: 0 });
  assert.deepEqual(buffer.entries[0]?.filtered, [{ device: 'plugin:house', reason: 'noise', count: 1 }]);
});

test('a message that is left with some of its metrics is stored, and what it lost is told', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer, {
    steps: { ...defaultSteps, deadband: { temperature: { absolute: 1, maxSilenceMs: 60_000 } } },
  });
  const dropped: unknown[] = [];
  using _listening = listen('dropped', (event) => dropped.push(event));
  await stage.ingest(envelope('house/lamp', { values: { temperature: 20, humidity: 40 } }));
  await stage.ingest(envelope('house/lamp', { values: { temperature: 20.5, humidity: 41 } }));
  const outcome = await stage.ingest(envelope('house/lamp', { values: { temperature: 21 } }));
  assert.deepEqual(outcome, { stored: 0, filtered: 1, deadLettered: 0 });
  assert.deepEqual(buffer.entries[1]?.measurements[0]?.m, [{ n: 'humidity', v: 41 }]);
  assert.deepEqual(buffer.entries[2]?.filtered, [{ device: 'house:lamp', reason: 'deadband', count: 1 }]);
  assert.deepEqual(dropped, [{ stage: 'preprocess', reason: 'deadband', count: 1 }]);
});

test('more bytes than the bound are refused with OVERLOADED, and taken again when there is room', async (t) => {
  const buffer = memoryBuffer(t);
  const gate = Promise.withResolvers<void>();
  buffer.before = () => gate.promise;
  const stage = await openStage(buffer, { maxQueuedBytes: 2_000 });
  const message = () => envelope('house/lamp', { values: { humidity: 1 } });
  const taken = [stage.ingest(message()), stage.ingest(message())];
  for (let n = 0; n < 10; n++) taken.push(stage.ingest(message()));
  const settled = Promise.allSettled(taken);
  const refused = stage.ingest(message());
  await assert.rejects(refused, withCode('OVERLOADED'));
  gate.resolve();
  const outcomes = await settled;
  assert.ok(outcomes.filter(({ status }) => status === 'rejected').length >= 5);
  assert.equal(stage.stats().queuedBytes, 0);
  assert.equal((await stage.ingest(message())).stored, 1);
});

test('a smaller message does not overtake one that found no room', async (t) => {
  const buffer = memoryBuffer(t);
  const gate = Promise.withResolvers<void>();
  buffer.before = () => gate.promise;
  const stage = await openStage(buffer, { maxQueuedBytes: 2_000 });
  const message = (name: string) => envelope('house/lamp', { values: { [name]: 1 } });
  const taken = stage.ingest(message('x'.repeat(1_000)));
  await assert.rejects(stage.ingest(message('y'.repeat(1_000))), withCode('OVERLOADED'));
  await assert.rejects(stage.ingest(message('z')), withCode('OVERLOADED'));
  gate.resolve();
  await taken;
  assert.equal((await stage.ingest(message('z'))).stored, 1);
});

test('when the buffer cannot commit, its error reaches the transport', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer);
  buffer.before = () => {
    throw new PortcullisError('DISK_FULL', 'no room');
  };
  await assert.rejects(stage.ingest(envelope('house/lamp', { values: { humidity: 1 } })), withCode('DISK_FULL'));
});

test('a message that comes again after a failed commit is no duplicate', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer, { steps: { ...defaultSteps, dedupeMs: 60_000 } });
  const message = envelope('house/lamp', {
    metrics: [{ n: 'energy.import', key: 'e', value: 5, unit: 'Wh', counter: 'total_increasing' }],
  });
  buffer.before = () => {
    throw new PortcullisError('STORE_FAILED', 'not now');
  };
  await assert.rejects(stage.ingest(message), withCode('STORE_FAILED'));
  buffer.before = () => undefined;
  assert.deepEqual(await stage.ingest(message), { stored: 1, filtered: 0, deadLettered: 0 });
  assert.deepEqual(await stage.ingest(message), { stored: 0, filtered: 1, deadLettered: 0 });
});

for (const dedupeMs of [0, 60_000]) {
  test(`what is under way when a commit fails is refused too, and overtakes nothing: dedupe ${dedupeMs} ms`, async (t) => {
    const buffer = memoryBuffer(t);
    const stage = await openStage(buffer, { threads: 2, steps: { ...defaultSteps, dedupeMs } });
    const [reached, failing] = [Promise.withResolvers<void>(), Promise.withResolvers<never>()];
    buffer.before = () => {
      buffer.before = () => undefined;
      reached.resolve();
      return failing.promise;
    };
    const say = (humidity: number) => stage.ingest(envelope('house/lamp', { values: { humidity } }));
    const first = say(1);
    await reached.promise;
    const lesson = envelope('house/units/temperature', '°F');
    const underWay = [first, say(2), stage.ingest(lesson), ...Array.from({ length: 100 }, () => say(3))];
    failing.reject(new PortcullisError('STORE_FAILED', 'not now'));
    const answers = await Promise.allSettled(underWay);
    const came = answers.map((one) => (one.status === 'rejected' ? (one.reason as PortcullisError).code : 'stored'));
    assert.deepEqual(new Set(came), new Set(['STORE_FAILED']));
    assert.equal(stage.stats().queuedBytes, 0);
    await Promise.all([say(1), say(2)]);
    const values = buffer.entries.flatMap(({ measurements }) => measurements.map(({ m }) => m[0]?.v));
    assert.deepEqual(values, [1, 2]);
    const known = await buffer.store.read('ingest.knowledge', []);
    assert.equal(known.length, 1, 'what was learnt is written with the next message');
  });
}

test('what is awaited of a device is kept though it repeats, with a deadband and a roll-up as well', async (t) => {
  const buffer = memoryBuffer(t);
  const deadband = { humidity: { absolute: 1, maxSilenceMs: 60_000 } };
  const steps = { ...defaultSteps, dedupeMs: 60_000, deadband, rollup: { power: { windowMs: 60_000 } } };
  const stage = await openStage(buffer, { steps });
  const say = (device: string) =>
    stage.ingest(envelope(`house/${device}`, { values: { humidity: 40, power: 5, temperature: 20 } }));
  stage.heed((device) => device === 'house:lamp');
  for (const device of ['lamp', 'lamp', 'fan', 'fan']) await say(device);
  const kept = buffer.entries.flatMap(({ measurements }) => measurements);
  assert.deepEqual(
    kept.map(({ dev, m }) => [dev.id, m.length]),
    [
      ['house:lamp', 3],
      ['house:lamp', 3],
      ['house:fan', 2],
    ],
  );
});

test('a command is encoded by its plugin; a wrong one is refused with COMMAND_INVALID', async (t) => {
  const stage = await openStage(memoryBuffer(t));
  const { outbound } = await stage.encode('house', 'set', { device: 'lamp', args: { on: true } });
  assert.deepEqual(outbound, [{ topic: 'house/lamp/set', payload: '{"on":true,"knows":0}', qos: 1 }]);
  const refused = withCode('COMMAND_INVALID');
  await assert.rejects(stage.encode('house', 'set', { device: 'lamp', args: { on: 'yes' } }), refused);
  await assert.rejects(stage.encode('house', 'toString', { device: 'lamp', args: {} }), refused);
  await assert.rejects(stage.encode('nobody', 'set', { device: 'lamp', args: {} }), refused);
});

test('plugins are described as data', async (t) => {
  const stage = await openStage(memoryBuffer(t));
  const [house] = stage.plugins();
  assert.equal(house?.name, 'house');
  assert.deepEqual(house.teaches, ['house/units/+', 'house/claim/+']);
  assert.deepEqual(
    house.commands.map(({ name, idempotent }) => [name, idempotent]),
    [['set', true]],
  );
  assert.ok(JSON.stringify(house.commands[0]?.args).includes('"boolean"'));
});

test('a plugin that does not load serves nothing and says why; a wrong configuration ends the start in a sentence', async (t) => {
  const buffer = memoryBuffer(t);
  const plugins = (entry: string | URL, config: unknown) => ({ plugins: [{ name: 'house', entry, config }] });
  const stage = await openStage(buffer, plugins('/nowhere/index.ts', {}));
  assert.match(stage.plugins()[0]?.refused?.detail ?? '', /Cannot find module/);
  assert.deepEqual(stage.plugins()[0]?.topics, []);
  await assert.rejects(openStage(buffer, plugins(housePlugin, { sacle: 2 })), withCode('CONFIG_INVALID'));
});

test('closing waits for what was taken in, refuses what comes later, and can be done twice', async (t) => {
  const buffer = memoryBuffer(t);
  const stage = await openStage(buffer);
  const taken = stage.ingest(envelope('house/lamp', { values: { humidity: 1 }, ms: 20 }));
  const closed = stage[Symbol.asyncDispose]();
  await assert.rejects(stage.ingest(envelope('house/lamp', {})), withCode('STORE_CLOSED'));
  await closed;
  assert.equal((await taken).stored, 1);
  await stage[Symbol.asyncDispose]();
});
