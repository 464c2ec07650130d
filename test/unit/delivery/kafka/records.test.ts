import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordsOf } from '../../../../gateway/delivery/kafka/records.ts';
import { ownTopics } from '../../../harness/kafka.ts';
import { message } from '../memory-outlet.ts';

const topics = { ...ownTopics(), metrics: null };
const topicsOf = (over: Parameters<typeof message>[2]): string[] =>
  recordsOf(message(1, 'd', over), 'urgent', topics).map(({ topic }) => topic);

test('an alarm is in the topic of alarms: by its kind, or because a hazard is true, whatever kind it has', () => {
  const { events, alarms } = topics;
  assert.deepEqual(topicsOf({ kind: 'alarm', m: [] }), [events, alarms]);
  assert.deepEqual(topicsOf({ kind: 'state', m: [{ n: 'smoke', vb: true }] }), [events, alarms]);
  assert.deepEqual(topicsOf({ kind: 'state', m: [{ n: 'smoke', vb: false }] }), [events]);
  assert.deepEqual(topicsOf({ kind: 'telemetry', m: [{ n: 'switch', vb: true }] }), [events]);
});

test('every record of a message carries the trace that it is in, and none where there is no trace', () => {
  const one = message(1, 'd', { m: [{ n: 'power', v: 1 }] });
  const all = { ...topics, metrics: 'metrics' };
  const parents = (traceparent?: string): (string | undefined)[] =>
    recordsOf(one, 'normal', all, { traceparent }).map(({ headers }) =>
      [...headers].find(([name]) => name.toString() === 'traceparent')?.[1].toString(),
    );
  assert.deepEqual(parents('00-a-b-01'), ['00-a-b-01', '00-a-b-01']);
  assert.deepEqual(parents(), [undefined, undefined]);
});

test('messages of a batch share the bytes of what they have in common, and keep what is their own', () => {
  const words = new Map<string, Buffer>();
  const [first, second] = [1, 2].map((seq) => recordsOf(message(seq, 'd'), 'normal', topics, { epoch: 3 }, words)[0]);
  assert.equal(first?.key, second?.key);
  const textOf = (headers: ReadonlyMap<Buffer, Buffer> | undefined): Record<string, string> =>
    Object.fromEntries([...(headers ?? [])].map(([name, value]) => [name.toString(), value.toString()]));
  const { sequence, id, ...shared } = textOf(first?.headers);
  const { sequence: sequence2, id: id2, ...shared2 } = textOf(second?.headers);
  assert.deepEqual([sequence, sequence2], ['1', '2']);
  assert.notEqual(id, id2);
  assert.deepEqual(shared, shared2);
  assert.equal(shared['epoch'], '3');
});
