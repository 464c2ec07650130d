import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { pino } from 'pino';
import type { Message } from '../../../contracts/message.ts';
import type { Batch, Sink, WriteResult } from '../../../contracts/sink.ts';
import { deliveryBounds, originOf, watchSink } from '../../../gateway/traces/delivery-way.ts';
import { rootOf, type Root } from '../../../gateway/traces/ids.ts';
import type { Span } from '../../../gateway/traces/span.ts';
import { tracedLog } from '../../../gateway/traces/traced-log.ts';
import { message } from '../delivery/memory-outlet.ts';

const batchOf = (...messages: Message[]): Batch => ({
  sink: 'kafka',
  lane: 'normal',
  items: messages.map((one, lsn) => ({ lsn, message: one })),
});
const from = (seq: number, topic: string): Message =>
  message(seq, 'd', { src: { proto: 'json', topic }, rts: 1_000 + seq });

/** A sink that answers as the test says, in turn; topics that begin with `quiet` are not sampled. */
function rig(answers: (WriteResult | Error)[], during: () => void = () => undefined) {
  let now = 0;
  const spans: Span[] = [];
  const inside = new AsyncLocalStorage<Root>();
  const traceOf = (origin: { topic: string; receivedAt: number }): Root | undefined =>
    origin.topic.startsWith('quiet') ? undefined : rootOf('g', origin);
  const sink: Sink = {
    name: 'kafka',
    limits: { records: 10, bytes: 10 },
    connect: async () => undefined,
    async write() {
      now += 5;
      during();
      const answer = answers.shift();
      if (answer instanceof Error || answer === undefined) throw answer ?? new Error('no answer left');
      return answer;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const push = (span: Span): void => void spans.push(span);
  const watched = watchSink(sink, { traceOf, now: () => now, push, inside });
  return { watched, spans, inside, traceOf };
}

const lasting = new AbortController().signal;
const accept = { is: 'accept' } as const;
const keep = { is: 'keep' } as const;

test('a record has a span from its first try to the answer, with the tries in vain as events; other records have none', async () => {
  const reject = { is: 'reject', code: 'TOO_LARGE', detail: '' } as const;
  const { watched, spans } = rig([
    { verdicts: [keep, keep, keep], pause: { reason: 'transport', forMs: 1 } },
    new Error('broken'),
    { verdicts: [accept, accept, reject] },
  ]);
  const messages = [from(1, 'home/a'), from(2, 'quiet/b'), from(3, 'home/c')];
  await watched.write(batchOf(...messages), lasting);
  await assert.rejects(watched.write(batchOf(...messages), lasting));
  const result = await watched.write(batchOf(...messages), lasting);
  assert.equal(result.verdicts.length, 3);
  assert.deepEqual(
    spans.map(({ name, startMs, endMs, error, events }) => [
      name,
      startMs,
      endMs,
      error,
      events?.map(({ atMs, attributes }) => `${atMs} ${String(attributes['reason'])}`),
    ]),
    [
      ['deliver kafka', 0, 15, undefined, ['5 transport', '10 sink fault']],
      ['deliver kafka', 0, 15, 'TOO_LARGE', ['5 transport', '10 sink fault']],
    ],
  );
  const root = rootOf('g', { topic: 'home/a', receivedAt: 1_001 });
  assert.deepEqual([spans[0]?.traceId, spans[0]?.parentId], [root.traceId, root.spanId]);
});

test('an answer that comes after nobody waits any more ends no span, the one to the next try does', async () => {
  const { watched, spans } = rig([{ verdicts: [accept] }, { verdicts: [accept] }]);
  await watched.write(batchOf(from(1, 'home/a')), AbortSignal.abort());
  assert.equal(spans.length, 0);
  await watched.write(batchOf(from(1, 'home/a')), lasting);
  assert.deepEqual(
    spans.map(({ events }) => events?.map(({ attributes }) => attributes['reason'])),
    [['late']],
  );
});

test('a sink that is away for days costs a bounded list of tries', async () => {
  const days = deliveryBounds.maxEvents + 30;
  const { watched, spans } = rig([
    ...Array.from({ length: days }, () => ({ verdicts: [keep] })),
    { verdicts: [accept] },
  ]);
  for (let n = 0; n <= days; n++) await watched.write(batchOf(from(1, 'home/a')), lasting);
  assert.deepEqual([spans[0]?.events?.length, spans[0]?.lostEvents], [deliveryBounds.maxEvents, 30]);
});

test('records that were taken make room for those that come later', async () => {
  const before = Array.from({ length: deliveryBounds.maxUnderway }, () => ({ verdicts: [accept] }));
  const { watched, spans } = rig([...before, { verdicts: [keep] }, { verdicts: [accept] }]);
  for (const [seq] of before.entries()) await watched.write(batchOf(from(seq, 'home/a')), lasting);
  for (let tries = 0; tries < 2; tries++) await watched.write(batchOf(from(before.length, 'home/a')), lasting);
  assert.equal(spans.at(-1)?.events?.length, 1);
});

test('what the gateway says itself, and a window of a roll-up, did not come of one message', () => {
  assert.equal(originOf(message(1, 'd', { src: { proto: 'gateway', topic: 'alarms' } })), undefined);
  assert.equal(
    originOf(
      message(1, 'd', {
        m: [
          { n: 'power.mean', v: 1 },
          { n: 'power.count', v: 9 },
        ],
      }),
    ),
    undefined,
  );
  assert.deepEqual(originOf(from(1, 'home/a')), { topic: 'home/a', receivedAt: 1_001 });
});

test('an entry of the log has the ids of the message it is about, or of the batch that is being written; others have none', async () => {
  const lines: Record<string, unknown>[] = [];
  const plain = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });
  const { watched, inside, traceOf } = rig([{ verdicts: [accept, accept] }], () => log.warn({ sink: 'kafka' }, 'slow'));
  const log = tracedLog(plain, traceOf, inside);
  await watched.write(batchOf(from(1, 'quiet'), from(2, 'home/b')), lasting);
  log.info({ topic: 'home/c', receivedAt: 7 }, 'about a message');
  log.info({ topic: 'quiet', receivedAt: 7 }, 'about one that is not sampled');
  log.info('about nothing');
  const ids = [rootOf('g', { topic: 'home/b', receivedAt: 1_002 }), rootOf('g', { topic: 'home/c', receivedAt: 7 })];
  assert.deepEqual(
    lines.map((line) => [line['trace_id'], line['span_id']]),
    [...ids.map(({ traceId, spanId }) => [traceId, spanId]), [undefined, undefined], [undefined, undefined]],
  );
});
