import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { listen } from '../../../gateway/observability/channels.ts';
import { openSpanQueue, queueBounds } from '../../../gateway/traces/span-queue.ts';
import type { Span } from '../../../gateway/traces/span.ts';
import type { Answer } from '../../../gateway/traces/verdict.ts';
import { settle, VirtualTime } from '../delivery/virtual-time.ts';

const span = (name: string): Span => ({
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  name,
  kind: 1,
  startMs: 1,
  endMs: 2,
  attributes: {},
});

const taken: Answer = { status: 200, retryAfter: undefined, text: '{}' };
const says = (status: number, retryAfter?: string): Answer => ({ status, retryAfter, text: '' });

/** A collector that answers as the test says, in turn, and takes the rest. */
function rig(t: TestContext, answers: (Answer | Error | 'never')[] = []) {
  const time = new VirtualTime();
  const posted: string[][] = [];
  const dropped: Record<string, number> = {};
  const ear = listen('dropped', ({ stage, reason, count }) => {
    if (stage === 'traces') dropped[reason] = (dropped[reason] ?? 0) + count;
  });
  t.after(() => ear[Symbol.dispose]());
  const queue = openSpanQueue({
    resource: { gateway: 'g', version: '1' },
    log: pino({ level: 'silent' }),
    scheduler: time,
    random: () => 1,
    post: async (body, signal) => {
      const [{ scopeSpans }] = JSON.parse(body).resourceSpans as [{ scopeSpans: [{ spans: { name: string }[] }] }];
      posted.push(scopeSpans[0].spans.map(({ name }) => name));
      const answer = answers.shift() ?? taken;
      if (answer instanceof Error) throw answer;
      if (answer !== 'never') return answer;
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener('abort', () => reject(new Error('given up')));
      return promise;
    },
  });
  return { queue, time, posted, dropped };
}

test('spans go together after some seconds, many at once', async (t) => {
  const { queue, time, posted } = rig(t);
  queue.push(span('a'));
  queue.push(span('b'));
  await time.advance(queueBounds.everyMs - 1);
  assert.equal(posted.length, 0);
  await time.advance(1);
  assert.deepEqual(posted, [['a', 'b']]);
  for (let n = 0; n < queueBounds.maxTogether; n++) queue.push(span('many'));
  await time.advance(0);
  assert.equal(posted.at(-1)?.length, queueBounds.maxTogether);
});

test('what the collector could not take just now is sent again, as late as it says; what comes meanwhile waits behind it', async (t) => {
  const away = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  const { queue, time, posted, dropped } = rig(t, [says(503, '30'), away]);
  queue.push(span('a'));
  await time.advance(queueBounds.everyMs);
  queue.push(span('b'));
  await time.advance(29_000);
  assert.deepEqual(posted, [['a']]);
  await time.advance(1_000);
  assert.deepEqual(posted, [['a'], ['a', 'b']]);
  await time.advance(120_000);
  assert.deepEqual(posted.at(-1), ['a', 'b']);
  assert.equal(posted.length, 3);
  assert.deepEqual(dropped, {});
});

test('what the collector refuses is dropped and counted, in whole or in part; what comes next is sent', async (t) => {
  const part = {
    status: 200,
    retryAfter: undefined,
    text: '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"x"}}',
  };
  const { queue, time, posted, dropped } = rig(t, [says(400), part]);
  queue.push(span('a'));
  await time.advance(queueBounds.everyMs);
  queue.push(span('b'));
  queue.push(span('c'));
  await time.advance(queueBounds.everyMs);
  assert.deepEqual(posted, [['a'], ['b', 'c']]);
  assert.deepEqual(dropped, { refused: 1, rejected: 1 });
});

test('a collector that is away costs a bounded queue: what does not fit is dropped and counted', async (t) => {
  const { queue, time, dropped } = rig(t, ['never']);
  for (let n = 0; n < queueBounds.maxQueued + 7; n++) queue.push(span('x'));
  await time.advance(queueBounds.everyMs);
  queue.push(span('x'));
  assert.deepEqual(dropped, { 'queue-full': 8 });
});

test('a close sends what is left, and gives up on a collector that does not answer', async (t) => {
  const answering = rig(t);
  answering.queue.push(span('last'));
  await answering.queue[Symbol.asyncDispose]();
  assert.deepEqual(answering.posted, [['last']]);

  const silent = rig(t, ['never']);
  silent.queue.push(span('last'));
  const closed = silent.queue[Symbol.asyncDispose]();
  await settle();
  await silent.time.advance(queueBounds.closeWithinMs);
  await closed;
  assert.deepEqual(silent.dropped, { closing: 1 });
});
