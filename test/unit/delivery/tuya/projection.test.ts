import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Metric } from '../../../../contracts/message.ts';
import { codeOf, productOf, type DataPoint } from '../../../../gateway/delivery/tuya/data-points.ts';
import { project } from '../../../../gateway/delivery/tuya/projection.ts';
import { message } from '../memory-outlet.ts';

const one = (metric: Metric, definition?: DataPoint) => {
  const projected = project(
    message(1, 'd', { m: [metric] }),
    productOf(definition ? [[codeOf(metric.n, metric.ep), definition]] : []),
  );
  return projected.as === 'report' ? Object.values(projected.data)[0]?.value : projected;
};

test('codes are the words with underscores and the endpoint behind', () => {
  assert.equal(codeOf('temperature', undefined), 'temperature');
  assert.equal(codeOf('power.active', '0'), 'power_active_0');
  assert.equal(codeOf('switch.state', 'l1'), 'switch_state_l1');
  assert.equal(codeOf('x.z2m.soil-moisture', undefined), 'x_z2m_soil_moisture');
});

test('a message becomes one report with source times', () => {
  const m = [
    { n: 'temperature', v: 19.37, u: 'Cel' },
    { n: 'contact', vb: true },
    { n: 'mode', vs: 'eco' },
  ];
  assert.deepEqual(project(message(1, 'd', { ts: 5, m })), {
    as: 'report',
    data: Object.assign(Object.create(null), {
      temperature: { value: 19.37, time: 5 },
      contact: { value: true, time: 5 },
      mode: { value: 'eco', time: 5 },
    }),
    losses: [],
  });
});

test('a defined number is always on the step grid, between min and max, and nearest to the value', () => {
  const definitions = fc
    .record({
      scale: fc.nat(3),
      min: fc.integer({ min: -1_000, max: 0 }),
      span: fc.integer({ min: 1, max: 5_000 }),
      step: fc.integer({ min: 1, max: 50 }),
    })
    .map(({ scale, min, span, step }) => ({ type: 'value' as const, scale, min, max: min + span, step }));
  const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(definitions, value, (definition, v) => {
      const raw = one({ n: 'a', v }, definition) as number;
      const { min, max, step, scale } = definition;
      assert.ok(raw >= min && raw <= max && (raw - min) % step === 0, String(raw));
      const top = min + Math.floor((max - min) / step) * step;
      const wanted = Math.min(top, Math.max(min, v * 10 ** scale));
      assert.ok(Math.abs(raw - wanted) <= step / 2 + 1e-6, `${raw} for ${wanted}`);
    }),
  );
});

test('a value that is none of the product is refused with a reason, not sent', () => {
  assert.deepEqual(one({ n: 'mode', vs: 'turbo' }, { type: 'enum', range: ['eco'] }), {
    as: 'refused',
    reason: 'mode: turbo is no enum',
  });
  assert.equal(one({ n: 'mode', vs: 'ECO' }, { type: 'enum', range: ['eco'], map: { ECO: 'eco' } }), 'eco');
  assert.equal(one({ n: 'note', vs: 'abcdef' }, { type: 'string', maxLength: 3 }), 'abc');
});

test('a message without any usable value is told as an event, not dropped', () => {
  const projected = project(message(1, 'd', { m: [{ n: 'humidity', q: 'sentinel', raw: 999 }] }));
  assert.equal(projected.as, 'event');
  assert.equal(projected.as === 'event' && projected.data.event_code, 'no_value');
  assert.equal(projected.as === 'event' && projected.data.output_params['humidity'], 'sentinel');
});

test('no metric is lost when two names give one code, and hostile names stay data', () => {
  const m = [
    { n: 'a.b', v: 1 },
    { n: 'a_b', v: 2 },
    { n: '__proto__', v: 3 },
  ];
  const projected = project(message(1, 'd', { m }));
  assert.ok(projected.as === 'report');
  assert.deepEqual(Object.keys(projected.data), ['a_b', 'a_b_2', '__proto__']);
});

test('alarms and events keep their word, availability becomes presence', () => {
  const alarm = project(message(1, 'd', { kind: 'alarm', m: [{ n: 'smoke', vb: true }] }));
  assert.equal(alarm.as === 'event' && alarm.data.event_code, 'smoke');
  const press = project(message(1, 'd', { kind: 'event', m: [{ n: 'action', vs: 'double' }] }));
  assert.equal(press.as === 'event' && press.data.event_code, 'double');
  const gone = project(message(1, 'd', { kind: 'availability', m: [{ n: 'availability', vb: false }] }));
  assert.deepEqual(gone, { as: 'presence', online: false });
});

test('presence is not guessed from a message that is unclear or says more', () => {
  const unclear = project(message(1, 'd', { kind: 'availability', m: [{ n: 'availability', vs: 'maybe' }] }));
  assert.equal(unclear.as, 'report');
  const both = [
    { n: 'availability', vb: true },
    { n: 'x.z2m.version', vs: '2.0' },
  ];
  const more = project(message(1, 'd', { kind: 'availability', m: both }));
  assert.deepEqual(more.as === 'report' && Object.keys(more.data), ['availability', 'x_z2m_version']);
});
