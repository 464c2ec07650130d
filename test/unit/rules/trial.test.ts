import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HistoryReader } from '../../../contracts/history.ts';
import { loopsOf } from '../../../gateway/rules/loops.ts';
import { tryRule } from '../../../gateway/rules/trial.ts';
import { compiled, paperDevices } from './rig.ts';

const house = paperDevices({ t1: { room: 'Bath' }, t2: {}, lamp: { reports: ['switch.state'] } });
const minute = 60_000;

/** History of paper: a temperature per minute. */
const history = (values: readonly number[]): HistoryReader => ({
  metrics: async (device) => (device === 't1' ? [{ metric: 'temperature', type: 'number', counter: false }] : []),
  query: async ({ device, metric, from, to }) => ({
    device,
    metric,
    resolutionMs: 0,
    points: values
      .map((last, index) => ({ at: index * minute, count: 1, last }))
      .filter(({ at }) => at >= from && at < to),
  }),
});

test('a trial tells when a rule would have fired and why, and what it would have done, without doing it', async () => {
  const rule = await compiled({
    id: 'warm',
    name: 'Warm',
    per: 'device',
    when: { metric: 'temperature', above: 25, clear: 23 },
    for: '90s',
    do: [{ raise: 'WARM', text: '{device} has {value}' }],
  });
  const around = { devices: house, history: history([20, 26, 24, 24, 22, 26, 22]), flags: {} };
  const report = await tryRule(rule, { from: 0, to: 10 * minute }, around);
  assert.deepEqual([report.samples, report.devices, report.suspended], [7, 1, []]);
  assert.deepEqual(
    report.firings.map(({ at, to }) => [at / minute, to]),
    [
      [2.5, 'on'],
      [4, null],
    ],
  );
  const [first] = report.firings;
  assert.deepEqual(first?.why, [
    { condition: 'temperature above 25 until 23', holds: true, values: [{ device: 't1', value: 24 }] },
  ]);
  assert.deepEqual(
    first?.did.map(({ does, outcome }) => [does, outcome]),
    [['raise WARM', 'not-tried']],
  );
  assert.deepEqual(await tryRule(rule, { from: 0, to: 10 * minute }, around), report, 'twice the same');
  await assert.rejects(tryRule(rule, { from: 5, to: 5 }, around), { code: 'COMMAND_INVALID' });
});

test('a circle is seen where one rule sets what the other waits for, and only there', async () => {
  const flip = (id: string, is: boolean, on: boolean) =>
    compiled({
      id,
      name: id,
      when: { metric: 'switch.state', is, where: { device: 'lamp' } },
      do: [{ command: 'switch', args: { on }, to: { device: 'lamp' } }],
    });
  const [a, b, still] = [await flip('a', true, false), await flip('b', false, true), await flip('still', true, true)];
  assert.deepEqual(loopsOf([a, b], house), [['a', 'b']]);
  assert.deepEqual(loopsOf([a], house), []);
  assert.deepEqual(loopsOf([still], house), [['still']], 'it waits for what it sets');
  const flags = (id: string, flag: string, sets: string) =>
    compiled({ id, name: id, when: { flag }, do: [{ flag: sets, set: true }] });
  const three = [await flags('x', 'one', 'two'), await flags('y', 'two', 'three'), await flags('z', 'three', 'one')];
  assert.deepEqual(loopsOf(three, house), [['x', 'y', 'z']]);
});
