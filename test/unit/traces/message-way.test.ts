import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { Outcome } from '../../../contracts/pipeline.ts';
import type { Envelope } from '../../../contracts/plugin.ts';
import { listen, tell, type Events } from '../../../gateway/observability/channels.ts';
import { rootOf, type Origin } from '../../../gateway/traces/ids.ts';
import { openMessageWay } from '../../../gateway/traces/message-way.ts';
import type { Span } from '../../../gateway/traces/span.ts';

const envelope = (topic = 'home/a', receivedAt = 5): Envelope => ({
  transport: 'mqtt',
  client: 'plug',
  topic,
  payload: new Uint8Array(12),
  retain: false,
  receivedAt,
});
const stored: Outcome = { stored: 1, filtered: 0, deadLettered: 0 };

function rig(t: TestContext, isSampled: (origin: Origin) => boolean = () => true) {
  let now = 100;
  const spans: Span[] = [];
  const way = openMessageWay({
    traceOf: (origin) => (isSampled(origin) ? rootOf('g', origin) : undefined),
    now: () => now,
    push: (span) => spans.push(span),
    log: pino({ level: 'silent' }),
  });
  t.after(() => way[Symbol.dispose]());
  const pass = (point: Events['way']['point'], ...envelopes: Envelope[]): void => {
    now += 10;
    tell('way', { point, items: envelopes.map((one) => ({ waiting: { envelope: one } })) });
  };
  return { way, spans, pass };
}

test('a message has a root from arrival to outcome, and below it decoding and commit with the times that were taken', async (t) => {
  const { way, spans, pass } = rig(t);
  const [one, other] = [envelope('home/a'), envelope('home/b')];
  const outcome = way.watch(async () => {
    pass('to-threads', one, other);
    pass('from-threads', one, other);
    pass('to-disk', one);
    pass('on-disk', one);
    return stored;
  })(one);
  assert.deepEqual(await outcome, stored);
  const root = rootOf('g', one);
  assert.deepEqual(
    spans.map(({ name, parentId, startMs, endMs }) => [name, parentId, startMs, endMs]),
    [
      ['receive', undefined, 100, 140],
      ['decode', root.spanId, 110, 120],
      ['commit', root.spanId, 130, 140],
    ],
  );
  assert.ok(spans.every(({ traceId }) => traceId === root.traceId));
  assert.equal(spans[0]?.spanId, root.spanId);
  assert.equal(spans[1]?.attributes['portcullis.queue_wait_ms'], 10);
  assert.deepEqual(
    spans.map(({ attributes }) => attributes['messaging.batch.message_count']),
    [undefined, 2, 1],
  );
});

test('a message that had to wait for room is one trace with its tries; a dead letter and a refusal say so', async (t) => {
  const { way, spans } = rig(t);
  const held = envelope('home/held');
  const refusing = way.watch(() => Promise.reject(new PortcullisError('OVERLOADED', 'Too much.')));
  await assert.rejects(refusing(held));
  await assert.rejects(refusing(held));
  assert.equal(spans.length, 0);
  await way.watch(async () => ({ stored: 0, filtered: 0, deadLettered: 1 }))(held);
  await assert.rejects(way.watch(() => Promise.reject(new Error('broken')))(envelope('home/broken')));
  assert.deepEqual(
    spans.map(({ name, error, events }) => [name, error, events?.map((event) => event.attributes['code'])]),
    [
      ['receive', 'dead letter', ['OVERLOADED', 'OVERLOADED']],
      ['receive', 'INTERNAL', []],
    ],
  );
});

test('what is not sampled leaves nothing; the second message of a topic within a millisecond is counted as left out', async (t) => {
  const { way, spans } = rig(t, ({ topic }) => topic !== 'quiet');
  let second = 0;
  const ear = listen(
    'dropped',
    ({ stage, reason }) => (second += Number(`${stage} ${reason}` === 'traces same-moment')),
  );
  t.after(() => ear[Symbol.dispose]());
  const ingest = way.watch(async () => stored);
  await ingest(envelope('quiet'));
  assert.equal(spans.length, 0);
  await ingest(envelope('home/a', 7));
  await ingest(envelope('home/a', 7));
  await ingest(envelope('home/a', 8));
  assert.deepEqual([spans.length, second], [2, 1]);
});
