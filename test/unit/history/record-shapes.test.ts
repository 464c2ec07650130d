import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Measurement, Metric } from '../../../contracts/message.ts';
import { keyOf, RecordShapes } from '../../../gateway/history/record-shapes.ts';

const word = fc.oneof(
  fc.constantFrom('a', 'on', 'temperature', '}', ',"ts":', '"', '\\', '\n', 'é', '€', '\ud800'),
  fc.string({ unit: 'binary', maxLength: 70 }),
);
const number = fc.oneof(
  fc.constantFrom(0, -0, 21.5, -3.25, 22.490000000000002, 1e21, 1.5e-7, 2 ** 53, 999_999_999_999_999, 0.1, 1e-6),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -100_000, max: 100_000 }).map((n) => n / 100),
);
const time = fc.oneof(fc.nat(), fc.integer({ min: 1_795_000_000_000, max: 1_796_000_000_000 }), fc.constant(-1));
const value = fc.oneof(
  number.map((v) => ({ v })),
  fc.boolean().map((vb) => ({ vb })),
  word.map((vs) => ({ vs })),
  fc.constant({ q: 'stale', raw: 5 }),
);
const metric = fc.tuple(
  fc.constantFrom('temperature', 'power', 'é"', '__proto__'),
  value,
  fc.record({ u: word, c: fc.constant('total'), st: fc.nat(3), ep: fc.constantFrom('1', '2') }, { requiredKeys: [] }),
);
/** Few devices and few names, so that lines are like earlier ones. */
const record = fc.record(
  {
    kind: fc.constantFrom('telemetry', 'state'),
    dev: fc.record({ id: fc.constantFrom('d', 'e"', 'f}'), ep: fc.constant('3') }, { requiredKeys: ['id'] }),
    ts: time,
    clk: fc.constantFrom('source', 'gateway'),
    cls: fc.constant('telemetry'),
    meta: fc.dictionary(word, fc.oneof(number, word), { maxKeys: 1 }),
    place: fc.constant({ site: 'home' }),
    rts: time,
    src: fc.constantFrom({ proto: 'json', topic: 't' }, { proto: 'json', topic: '"m":[' }),
    m: fc.array(
      metric.map(([n, v, others]) => Object.assign({ n }, v, others)),
      { maxLength: 4 },
    ),
  },
  { requiredKeys: ['kind', 'dev', 'ts', 'clk', 'cls', 'rts', 'src', 'm'] },
);
/** A change of the text at some place: mostly no JSON any more, or JSON that says something else. */
const damage = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.nat(3),
  put: fc.constantFrom(
    '',
    '0',
    '-',
    '.',
    'e5',
    '"',
    '\\',
    ',',
    '}',
    ']}',
    '{',
    '\u0001',
    ' ',
    '9999999999999999',
    'true',
  ),
});

const said = (line: string) => {
  const { dev, ts, clk, rts, m } = JSON.parse(line) as Measurement;
  const valueOf = ({ v, vb, vs }: Metric) => (isLong(vs) ? undefined : (vs ?? v ?? (vb ? 1 : 0)));
  return {
    told: { ts, clk, rts },
    found: m.map((one) => ({ key: keyOf(one, dev), start: one.st ?? 0, value: valueOf(one) })),
  };
};
const isLong = (one: unknown): boolean => typeof one === 'string' && one.length > 64;
const read = (shapes: RecordShapes) => ({
  told: { ...shapes.told },
  found: shapes.metrics.slice(0, shapes.count).map(({ key, start }, i) => ({
    key,
    start,
    value: key.type === 'text' ? shapes.texts[i] : shapes.values[i],
  })),
});
const learn = (shapes: RecordShapes, line: string): void => shapes.learn(JSON.parse(line) as Measurement, line);

test('a line that is read without JSON.parse says what JSON.parse says', () => {
  let [reads, damagedReads] = [0, 0];
  const runs = { numRuns: 4_000 };
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 1, maxLength: 6 }),
      fc.array(damage, { maxLength: 12 }),
      (records, damages) => {
        const shapes = new RecordShapes();
        const lines = records.map((one) => JSON.stringify(one));
        for (const line of lines) learn(shapes, line);
        for (const line of lines) {
          if (!shapes.read(line)) continue;
          reads += 1;
          assert.deepEqual(read(shapes), said(line));
        }
        for (const { at, cut, put } of damages) {
          const whole = lines[damages.length % lines.length] ?? '';
          const place = Math.floor(at * whole.length);
          const line = whole.slice(0, place) + put + whole.slice(place + cut);
          if (!shapes.read(line)) continue;
          damagedReads += 1;
          assert.deepEqual(read(shapes), said(line));
        }
      },
    ),
    runs,
  );
  assert.ok(reads > 300 && damagedReads > 20, `${reads} and ${damagedReads} lines were read`);
});

test('the next line of a device is read by the shape of the one before it, whatever its values are', () => {
  fc.assert(
    fc.property(number, number, word, word, fc.boolean(), time, (a, b, c, d, vb, ts) => {
      const shapes = new RecordShapes();
      const line = (at: number, v: number, vs: string): string =>
        JSON.stringify({
          kind: 'telemetry',
          dev: { id: 'd' },
          ts: at,
          clk: 'gateway',
          cls: 'telemetry',
          rts: at,
          src: { proto: 'json', topic: 't' },
          m: [
            { n: 'a', v, u: 'Cel' },
            { n: 'b', vb },
            { n: 'c', vs },
          ],
        });
      learn(shapes, line(5, a, c));
      const next = line(ts, b, d);
      const isPlain = ts >= 0 && !JSON.stringify(b).includes('e') && JSON.stringify(d) === `"${d}"`;
      assert.equal(shapes.read(next), isPlain);
      if (isPlain) assert.deepEqual(read(shapes), said(next));
    }),
    { numRuns: 1_000 },
  );
});
