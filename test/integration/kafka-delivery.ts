import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandRecordSchema, deadLetterRecordSchema, metricRecordSchema } from '../../contracts/kafka.ts';
import { messageSchema, type Measurement } from '../../contracts/message.ts';
import { startCommandsIn } from '../../gateway/delivery/kafka/commands-in.ts';
import { startDeadLetterFeed } from '../../gateway/delivery/kafka/dead-letter-feed.ts';
import { openKafkaClient } from '../../gateway/delivery/kafka/kafka-client.ts';
import { cannotRun } from '../harness/cannot-run.ts';
import { readAll, sinkOptions, type AnyKafka } from '../harness/kafka.ts';
import { openKafkaRig } from '../harness/kafka-rig.ts';
import { waitUntil } from '../harness/wait-until.ts';
import { entry, measurement, silent } from '../unit/buffer/buffer-fixture.ts';
import { memoryCommands } from './memory-commands.ts';

const alarm: Measurement = { ...measurement('d0', 1, 'alarm'), m: [{ n: 'smoke', vb: true }] };
const counter: Measurement = {
  ...measurement('d1', 2),
  m: [
    { n: 'energy', v: 5, u: 'kWh', c: 'total_increasing', st: 7 },
    { n: 'power', q: 'sentinel', raw: -999 },
  ],
};
const nothing = { measurements: [], filtered: [], writes: [], deadLetters: [] };

const withoutSecure = 'This Kafka has no listener with TLS and SASL for these tests.';

/** What stands in the topics, and what the gateway takes out of them. */
export function kafkaDelivery(kafka: AnyKafka): void {
  test('each record is in the topics that are its own, with key, headers and a value of its schema', async (t) => {
    const { buffer, options, delivered, fill } = await openKafkaRig(t, kafka);
    const { topics } = options;
    await buffer.append(entry(alarm));
    await buffer.append(entry(counter));
    await fill(20);
    await delivered(22);
    const events = await readAll(kafka, [topics.events]);
    assert.equal(events.length, 22);
    for (const { key, value, headers } of events) {
      const message = messageSchema.parse(JSON.parse(value));
      assert.equal(key, message.dev.id);
      const { id, gw, boot, seq, hist } = message;
      const expected = { id, gateway: gw, boot: String(boot), sequence: String(seq), hist: String(hist) };
      const { lane, ...rest } = Object.fromEntries(headers);
      assert.deepEqual(rest, expected);
      assert.equal(lane, message.kind === 'alarm' ? 'urgent' : 'normal');
    }
    const alarms = await readAll(kafka, [topics.alarms ?? '']);
    assert.deepEqual(
      alarms.map(({ key }) => key),
      ['d0'],
    );
    const metrics = (await readAll(kafka, [topics.metrics ?? ''])).map(({ value }) =>
      metricRecordSchema.parse(JSON.parse(value)),
    );
    assert.equal(metrics.length, 1 + 2 + 20);
    const energy = metrics.find(({ name }) => name === 'energy');
    assert.deepEqual(
      [energy?.type, energy?.temporality, energy?.monotonic, energy?.start, energy?.value],
      ['sum', 'cumulative', true, 7, 5],
    );
    const power = metrics.find(({ name }) => name === 'power');
    assert.deepEqual([power?.type, power?.value, power?.quality], ['gauge', null, 'sentinel']);
  });

  test('a record that Kafka calls too large is a dead letter, and its neighbours arrive', async (t) => {
    const { buffer, options, delivered, fill } = await openKafkaRig(t, kafka);
    await fill(5);
    await buffer.append(entry({ ...measurement('d0', 99), m: [{ n: 'blob', vs: 'x'.repeat(1_200_000) }] }));
    await fill(5);
    await delivered(10);
    await waitUntil('the rejection is durable', async () => (await buffer.deadLetters({ limit: 10 })).length === 1);
    const [letter] = await buffer.deadLetters({ limit: 10 });
    assert.deepEqual([letter?.sink, letter?.code, letter?.device], ['kafka', 'MESSAGE_TOO_LARGE', 'd0']);
    assert.equal((await readAll(kafka, [options.topics.events])).length, 10);
  });

  test('dead letters reach their topic with their own ids, also those from while Kafka was away', async (t) => {
    const { buffer, options, sink, loop } = await openKafkaRig(t, kafka);
    const topic = options.topics.deadLetters ?? '';
    const letter = (code: string) => ({
      device: 'd1',
      plugin: 'generic-json',
      topic: 't/1',
      code,
      detail: 'not JSON',
      sample: Buffer.from('{"a'),
      receivedAt: 1_000,
    });
    await buffer.append({ ...nothing, deadLetters: [letter('DECODE_FAILED')] });
    const feed = () =>
      startDeadLetterFeed({
        sink,
        topic,
        gateway: 'gw-test',
        epoch: 4,
        read: (query) => buffer.deadLetters(query),
        store: buffer,
        isOpen: () => loop.status().state === 'idle',
        log: silent,
        pollMs: 50,
      });
    const there = async () =>
      (await readAll(kafka, [topic])).map(({ value, headers }) => {
        assert.equal(headers.get('epoch'), '4');
        return deadLetterRecordSchema.parse(JSON.parse(value));
      });
    await waitUntil('the sink is open', () => loop.status().state === 'idle');
    const first = feed();
    await waitUntil('the first letter is there', async () => (await there()).length === 1);
    await first[Symbol.asyncDispose]();
    await buffer.append({ ...nothing, deadLetters: [letter('SECOND')] });
    await using _second = feed();
    await waitUntil('the second letter is there', async () => (await there()).length > 1);
    const letters = await there();
    assert.deepEqual(
      letters.map(({ code }) => code),
      ['DECODE_FAILED', 'SECOND'],
    );
    assert.equal(Buffer.from(letters[0]?.sample ?? '', 'base64').toString(), '{"a');
  });

  test('commands for this gateway are taken once; late, malformed and impossible ones are told, others left', async (t) => {
    const { buffer, options, sink } = await openKafkaRig(t, kafka);
    const topic = options.topics.commands ?? '';
    await sink.connect(new AbortController().signal);
    const write = async (gateway: string, value: string, key = 'lamp'): Promise<void> => {
      await using client = openKafkaClient(options);
      const headers = new Map([[Buffer.from('gateway'), Buffer.from(gateway)]]);
      await client.send([{ topic, key: Buffer.from(key), value: Buffer.from(value), headers }]);
    };
    const command = (id: string, more: object = {}) =>
      JSON.stringify(
        commandRecordSchema.parse({ id, device: 'lamp', name: 'turn_on', args: {}, ttlMs: 600_000, ...more }),
      );
    const commands = memoryCommands();
    commands.unknown.add('fly');
    const deps = { commands, append: buffer.append, store: buffer, wallMs: () => Date.now(), log: silent };
    await write('gw-test', command('c1'));
    await write('gw-other', command('c2'));
    await write('gw-test', '{"id":');
    await write('gw-test', command('c3', { name: 'fly' }));
    await write('gw-test', command('c4'), 'another-device');
    const first = startCommandsIn(options, topic, deps);
    await write('gw-test', command('c5'));
    await waitUntil('both were taken', () => commands.kept.length === 2, 60_000);
    await first[Symbol.asyncDispose]();
    const submits = commands.submits;
    const wallMs = (): number => Date.now() + 3_600_000;
    await write('gw-test', command('c6'));
    await using _second = startCommandsIn(options, topic, { ...deps, wallMs });
    const results = async () =>
      (await readAll(kafka, [options.topics.results ?? ''])).map(
        ({ value }) => messageSchema.parse(JSON.parse(value)).result,
      );
    await waitUntil('both refusals are in the results', async () => (await results()).length === 2, 60_000);
    assert.deepEqual(
      commands.kept.map(({ id }) => id),
      ['c1', 'c5'],
    );
    assert.equal(commands.submits, submits, 'what was committed is not read again');
    assert.deepEqual(
      (await results()).map((result) => [result?.command, result?.state, result?.code]),
      [
        ['c3', 'failed', 'COMMAND_INVALID'],
        ['c6', 'expired', 'COMMAND_EXPIRED'],
      ],
    );
    const letters = await buffer.deadLetters({ limit: 10 });
    assert.deepEqual(letters.map(({ code, device }) => `${code} ${device}`).toSorted(), [
      'COMMAND_INVALID another-device',
      'COMMAND_INVALID lamp',
    ]);
  });

  test('wrong credentials stop the sink; SASL over TLS lets the right ones in', async (t) => {
    const { secureBootstrap } = kafka;
    if (secureBootstrap === undefined) {
      cannotRun(t, withoutSecure);
      return;
    }
    const secure = { brokers: secureBootstrap, tls: { ca: kafkaCertificate.cert } };
    for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
      const right = sinkOptions(kafka, { ...secure, sasl: { mechanism, ...kafkaUser } });
      const client = openKafkaClient(right);
      await client.prepare();
      await client[Symbol.asyncDispose]();
    }
    const wrong = { mechanism: 'SCRAM-SHA-256', username: kafkaUser.username, password: 'wrong' } as const;
    const { loop } = await openKafkaRig(t, kafka, { options: { ...secure, sasl: wrong } });
    await waitUntil('the loop stops', () => loop.status().state === 'stopped');
    const untrusted = openKafkaClient(
      sinkOptions(kafka, { ...secure, tls: {}, sasl: { mechanism: 'PLAIN', ...kafkaUser } }),
    );
    await assert.rejects(untrusted.prepare());
    await untrusted[Symbol.asyncDispose]();
  });
}

/** Who the secure listener of the test broker knows, and its certificate. */
export const kafkaUser = { username: 'gateway', password: 'a-secret' };
export const kafkaCertificate = await makeCertificate();

async function makeCertificate(): Promise<{ cert: string; key: string }> {
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'rsa',
    keySize: 2048,
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  return { cert: made.cert, key: made.private };
}
