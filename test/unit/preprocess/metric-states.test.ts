import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricStates } from '../../../gateway/preprocess/metric-states.ts';

test('the least recently heard devices are forgotten, and told', () => {
  const forgotten: string[] = [];
  const states = metricStates(4, (device) => forgotten.push(device));
  const mark = (device: string) => {
    states.of(device, 'temperature').kept = { value: 1, at: 0 };
  };
  for (const device of ['a', 'b', 'c', 'd']) mark(device);
  assert.deepEqual(forgotten, []);
  mark('a');
  assert.ok(states.of('a', 'temperature').kept, 'a device that is heard again stays');
  for (const device of ['e', 'f']) mark(device);
  assert.deepEqual(forgotten.slice(0, 1), ['b']);
  assert.ok([...states.all()].length <= 4);
  assert.equal(states.of('b', 'temperature').kept, undefined);
});

test('one device cannot hold an unbounded number of metrics', () => {
  const states = metricStates(4, () => undefined);
  for (let n = 0; n < 5_000; n++) states.of('a', `m${n}`);
  const [[, metrics] = ['', new Map()]] = [...states.all()];
  assert.ok(metrics.size <= 2_048);
});
