import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, samples } from '../../test/unit/plugins/codec-bench.ts';
import tuya from './index.ts';

const corpus = samples('tuya_queue');
const [specification] = corpus;

function taught() {
  const made = bench(tuya);
  made.teach(specification?.topic ?? '', specification?.payload);
  return made;
}

test('every message of the corpus says what it means', () => {
  const made = taught();
  assert.deepEqual(
    corpus.map(({ topic, payload }) => made.lines(topic, payload)),
    [
      [],
      ['tuya:6c88aa01sub01 telemetry', 'temperature 21.4 ℃', 'humidity 47 %'],
      ['tuya:6c88aa01sub01 availability', 'availability true'],
      ['tuya:6c88aa01sub01 event', 'action leak_alarm', 'x.tuya.eventType alert', 'x.tuya.outputParams.level 2'],
      ['tuya:6c88aa01sub01 state', 'switch.state[1] true'],
      ['tuya:6c88aa01sub02 registration'],
      ['tuya:6c88aa01sub01 registration'],
    ],
  );
});

test('a number of a product that was never told keeps its raw value and gets no word', () => {
  const [, message] = corpus;
  assert.deepEqual(bench(tuya).lines(message?.topic ?? '', message?.payload), [
    'tuya:6c88aa01sub01 telemetry',
    'x.tuya.temp_current 214',
    'x.tuya.humidity_value 47',
  ]);
});

test('values of different times are readings of their own, with their source times', () => {
  const properties = [
    { code: 'doorcontact_state', value: true, time: 1_741_108_936_110 },
    { code: 'pir', value: 'none', time: 1_741_108_936_999 },
  ];
  const readings = taught().readings('tuya/d/devicePropertyMessage', { bizData: { properties } });
  assert.deepEqual(
    readings.map(({ at, metrics }) => [at, metrics.map(({ n, value }) => [n, value])]),
    [
      [{ utcMs: 1_741_108_936_110 }, [['contact', true]]],
      [{ utcMs: 1_741_108_936_999 }, [['motion', false]]],
    ],
  );
});

test('a flag with a value of another kind is no flag', () => {
  const properties = [{ code: 'switch', value: 'on' }];
  assert.deepEqual(taught().lines('tuya/d/devicePropertyMessage', { bizData: { properties } }), [
    'tuya:d telemetry',
    'x.tuya.switch on',
  ]);
});

test('what stands beside the values of a report, and beside an online message, is kept', () => {
  const report = {
    bizCode: 'devicePropertyMessage',
    category: '',
    bizData: {
      devId: 'd',
      note: null,
      properties: [{ code: 'mode', dpId: 1, t: 1741108936110, value: 'eco', by: '' }],
    },
  };
  const [values, beside] = bench(tuya).readings('tuya/d/devicePropertyMessage', report);
  assert.deepEqual(
    values?.metrics.map(({ n, value }) => [n, value]),
    [
      ['x.tuya.mode', 'eco'],
      ['x.tuya.properties.0.by', ''],
    ],
  );
  assert.deepEqual(beside?.meta, { category: '', note: null });
  const [online] = bench(tuya).readings('tuya/d/deviceOnline', { bizData: { time: 'never', signal: 3 } });
  assert.deepEqual(online?.meta, { time: 'never', signal: 3 });
});

test('a report with more times than are told apart keeps every value', () => {
  const properties = Array.from({ length: 300 }, (_, at) => ({ code: `c${at}`, time: 1741108936000 + at, value: at }));
  const readings = bench(tuya).readings('tuya/d/devicePropertyMessage', { bizData: { properties } });
  assert.equal(readings.flatMap(({ metrics }) => metrics).length, 300);
});

test('what has a name of the queue and is something else is not lost', () => {
  const made = bench(tuya);
  const [other] = made.readings('tuya/d/other', {
    ts: { a: 1 },
    uid: ['b'],
    name: 'x',
    bizData: { name: 'y', devId: 'd' },
  });
  assert.deepEqual(other?.meta, { bizCode: 'other', 'ts.a': 1, 'uid.0': 'b', name: 'x', 'bizData.name': 'y' });
  const event = { ts: 1, devId: { c: 2 }, eventCode: 7, eventTime: 'never' };
  assert.deepEqual(made.lines('tuya/d/deviceEventMessage', event), [
    'tuya:d event',
    'action event',
    'x.tuya.devId.c 2',
    'x.tuya.eventCode 7',
    'x.tuya.eventTime never',
  ]);
});
