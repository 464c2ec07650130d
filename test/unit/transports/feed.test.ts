import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { PortcullisError } from '../../../contracts/errors.ts';
import type { Ingest, Outcome } from '../../../contracts/pipeline.ts';
import { openFeed } from '../../../gateway/transports/feed.ts';

const log = pino({ level: 'silent' });
const stored: Outcome = { stored: 1, filtered: 0, deadLettered: 0 };
const refusal = () => new PortcullisError('STORE_FAILED', 'not now');
const message = (topic: string) => {
  return {
    transport: 'serial',
    client: 'line',
    topic,
    payload: new Uint8Array(10),
    retain: false,
    receivedAt: 0,
  } as const;
};

/** An ingest that is answered from outside, message by message; what is left at the end of the test is taken. */
function openRig(t: TestContext, maxWaitingBytes = 10_000) {
  const asked: { topic: string; answer: PromiseWithResolvers<Outcome> }[] = [];
  let isOver = false;
  const ingest: Ingest = ({ topic }) => {
    if (isOver) return Promise.resolve(stored);
    const answer = Promise.withResolvers<Outcome>();
    asked.push({ topic, answer });
    return answer.promise;
  };
  const feed = openFeed({ stage: 'serial', maxWaitingBytes }, { ingest, log });
  t.after(() => {
    isOver = true;
    for (const { answer } of asked) answer.resolve(stored);
    return feed[Symbol.asyncDispose]();
  });
  const topics = (): string[] => asked.map(({ topic }) => topic);
  const take = (): typeof asked => asked.splice(0);
  return { feed, topics, take };
}

test('what is refused comes again in the order of the offers, and what comes meanwhile behind it', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { feed, topics, take } = openRig(t);
  for (const topic of ['a', 'b']) assert.ok(feed.offer(message(topic)));
  const [a, b] = take();
  // The answers may be turned round on their way.
  b?.answer.reject(refusal());
  a?.answer.reject(refusal());
  await new Promise(setImmediate);
  assert.ok(feed.offer(message('c')));
  assert.deepEqual(topics(), []);
  t.mock.timers.tick(1_000);
  assert.deepEqual(topics(), ['a', 'b', 'c']);
  for (const { answer } of take()) answer.resolve(stored);
  await new Promise(setImmediate);
  assert.ok(feed.offer(message('d')));
  assert.deepEqual(topics(), ['d']);
});

test('there is room again when what was refused is taken', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { feed, take } = openRig(t, 200);
  assert.ok(feed.offer(message('a')));
  assert.equal(feed.offer(message('b')), false);
  take()[0]?.answer.reject(refusal());
  const room = feed.room();
  await new Promise(setImmediate);
  assert.ok(feed.isNearlyFull());
  t.mock.timers.tick(1_000);
  take()[0]?.answer.resolve(stored);
  await room;
  assert.ok(feed.offer(message('b')));
});

test('closing offers what waits once more, drops what is refused then, and takes nothing', async (t) => {
  const { feed, topics, take } = openRig(t);
  for (const topic of ['a', 'b']) feed.offer(message(topic));
  for (const { answer } of take()) answer.reject(refusal());
  await new Promise(setImmediate);
  const closing = feed[Symbol.asyncDispose]();
  assert.equal(feed.offer(message('c')), false);
  assert.deepEqual(topics(), ['a', 'b']);
  const [a, b] = take();
  a?.answer.resolve(stored);
  b?.answer.reject(refusal());
  await closing;
});
