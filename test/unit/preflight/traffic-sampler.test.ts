import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Envelope } from '../../../contracts/plugin.ts';
import { trafficSampler } from '../../../gateway/preflight/traffic-sampler.ts';

const bounds = { payloadBytes: 100, periodBytes: 1_000, periodMs: 1_000, firstPeriodMs: 100 };

const envelope = (topic: string, payload: string | number = 'x'): Envelope => ({
  transport: 'mqtt',
  client: 'c',
  topic,
  payload: typeof payload === 'number' ? new Uint8Array(payload) : new Uint8Array(Buffer.from(payload)),
  retain: false,
  receivedAt: 0,
});

const shown = (samples: readonly Envelope[] | undefined): string[] =>
  (samples ?? []).map(({ topic, payload }) => `${topic}=${Buffer.from(payload).toString()}`);

test('one message per topic and period is kept, the first; the first period is short', () => {
  const sampler = trafficSampler(bounds);
  assert.equal(sampler.offer(envelope('a', '1'), 0), undefined);
  assert.equal(sampler.offer(envelope('a', '2'), 50), undefined);
  assert.equal(sampler.offer(envelope('b', '3'), 99), undefined);
  assert.deepEqual(shown(sampler.offer(envelope('a', '4'), 100)), ['a=1', 'b=3']);
  assert.equal(sampler.offer(envelope('b', '5'), 1_099), undefined);
  assert.deepEqual(shown(sampler.offer(envelope('b', '6'), 1_100)), ['a=4', 'b=5']);
  assert.deepEqual(shown(sampler.take()), ['b=6']);
});

test('half of the room is for topics that were not heard in a day', () => {
  const sampler = trafficSampler(bounds);
  for (const topic of ['a', 'b', 'c', 'd']) sampler.offer(envelope(topic, 60), 0);
  sampler.offer(envelope('a', 60), 100);
  for (const topic of ['b', 'c', 'd', 'new', 'newer']) sampler.offer(envelope(topic, 60), 101);
  assert.deepEqual(
    sampler.take().map(({ topic }) => topic),
    ['a', 'b', 'c', 'new', 'newer'],
  );
});

test('a long payload is left out, and the kept bytes are a copy', () => {
  const sampler = trafficSampler(bounds);
  const shared = new Uint8Array(Buffer.from('abc'));
  sampler.offer({ ...envelope('a'), payload: shared }, 0);
  sampler.offer(envelope('long', 101), 0);
  shared.fill(0);
  assert.deepEqual(shown(sampler.take()), ['a=abc']);
});

test('no traffic makes a period larger than its room', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string({ maxLength: 40 }), fc.nat(120)), { maxLength: 200 }), (messages) => {
      const sampler = trafficSampler(bounds);
      for (const [topic, size] of messages) sampler.offer(envelope(topic, size), 0);
      const bytes = sampler.take().reduce((sum, { payload, topic }) => sum + payload.length + topic.length, 0);
      assert.ok(bytes <= bounds.periodBytes);
    }),
  );
});
