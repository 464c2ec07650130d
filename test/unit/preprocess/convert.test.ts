import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { metricSchema } from '../../../contracts/message.ts';
import { convertMetric } from '../../../gateway/preprocess/convert.ts';

test('a value in its canonical unit passes as it is, another keeps its source beside it', () => {
  assert.deepEqual(convertMetric({ n: 'battery.voltage', key: 'v', value: 3, unit: 'V' }, 'z2m'), {
    n: 'battery.voltage',
    v: 3,
    u: 'V',
  });
  assert.deepEqual(convertMetric({ n: 'battery.voltage', key: 'v', value: 2985, unit: 'mV' }, 'z2m'), {
    n: 'battery.voltage',
    v: 2.985,
    u: 'V',
    raw: 2985,
    ru: 'mV',
  });
});

test('an unknown or unfitting unit renames the metric and keeps the unit as the source wrote it', () => {
  for (const unit of ['furlong', 'Pa']) {
    assert.deepEqual(convertMetric({ n: 'temperature', key: 'ENERGY.t', value: 3, unit }, 'tasmota'), {
      n: 'x.tasmota.ENERGY.t',
      v: 3,
      ru: unit,
    });
  }
});

test('a metric without a word of ours stays untouched', () => {
  assert.deepEqual(convertMetric({ n: 'x.z2m.foo', key: 'foo', value: 7, unit: 'furlong' }, 'z2m'), {
    n: 'x.z2m.foo',
    v: 7,
    ru: 'furlong',
  });
});

test('a sentinel carries its reason, what was sent, and the unit it would have had', () => {
  assert.deepEqual(convertMetric({ n: 'humidity', key: 'h', q: 'sentinel', raw: 999, unit: '%RH' }, 'shelly'), {
    n: 'humidity',
    q: 'sentinel',
    raw: 999,
    u: '%RH',
  });
});

test('a number that is none is unparsed', () => {
  assert.deepEqual(convertMetric({ n: 'temperature', key: 't', value: Number.NaN, unit: '°C' }, 'esphome'), {
    n: 'temperature',
    q: 'unparsed',
    raw: 'NaN',
    ru: '°C',
  });
});

test('whatever a codec reads, the result is a metric of the message schema, also after JSON', () => {
  const reading = fc.record(
    {
      n: fc.constantFrom('temperature', 'power.active', 'humidity', 'x.a.b', 'action'),
      key: fc.string({ maxLength: 300 }),
      value: fc.oneof(fc.double(), fc.boolean(), fc.string()),
      q: fc.constantFrom('stale', 'sentinel' as const),
      raw: fc.oneof(fc.double(), fc.string(), fc.constant(null)),
      unit: fc.oneof(fc.string({ maxLength: 80 }), fc.constantFrom('°F', 'kW', '%', '')),
      counter: fc.constantFrom('total' as const, 'total_increasing' as const),
      seriesStart: fc.double(),
    },
    { requiredKeys: ['n', 'key', 'value'] },
  );
  fc.assert(
    fc.property(reading, (metric) => {
      const converted = convertMetric(metric, 'a');
      metricSchema.parse(JSON.parse(JSON.stringify(converted)));
    }),
  );
});
