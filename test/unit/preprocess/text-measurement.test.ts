import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Metric } from '../../../contracts/message.ts';
import { openRoom } from '../../../gateway/lib/text-room.ts';
import { packResults, unpackResults } from '../../../gateway/preprocess/packed-results.ts';
import { textOf, withoutMetrics } from '../../../gateway/preprocess/text-measurement.ts';
import type { Decoded, EnvelopeResult } from '../../../gateway/preprocess/task.ts';
import { envelope } from './stage.ts';

/** Texts that look like the seams at which a record is cut, beside any others. */
const text = fc.oneof(fc.constantFrom('"m":[{"n":', '},{"n":', '}]}', '\\', '"', '\n', '\t'), fc.string());
const name = text.filter((one) => one !== '');
const value: fc.Arbitrary<Partial<Metric>> = fc.oneof(
  fc.record({ v: fc.integer() }),
  fc.record({ vb: fc.boolean() }),
  fc.record({ vs: text }),
  fc.constant({ q: 'sentinel' }),
);
const metric: fc.Arbitrary<Metric> = fc
  .record(
    { n: name, u: text, ru: text, ep: text, raw: fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true })) },
    { requiredKeys: ['n'] },
  )
  .chain((rest) => value.map((one): Metric => Object.assign({}, rest, one)));
const decoded: fc.Arbitrary<Decoded> = fc.record(
  {
    kind: fc.constantFrom('telemetry', 'event'),
    dev: fc.record({ id: name, ep: text }, { requiredKeys: ['id'] }),
    ts: fc.nat(),
    clk: fc.constantFrom('source', 'gateway'),
    cls: fc.constantFrom('telemetry', 'alarm'),
    m: fc.array(metric, { maxLength: 5 }),
    meta: fc.dictionary(text, text),
    place: fc.record({ site: text, room: text }),
  },
  { requiredKeys: ['kind', 'dev', 'ts', 'clk', 'cls', 'm'] },
);

test('a record keeps everything but the metrics that are left out', () => {
  fc.assert(
    fc.property(decoded, text, fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), (one, topic, choice) => {
      const isKept = one.m.map((_, index) => choice[index] === true);
      fc.pre(isKept.includes(true));
      const sent = envelope(topic, '');
      const left = [...isKept.keys()].filter((index) => !isKept[index]);
      const written = withoutMetrics(textOf(one, sent, 'house'), left);
      const m = one.m.filter((_, index) => isKept[index] === true);
      const whole = { ...one, m, rts: sent.receivedAt, src: { proto: 'house', topic } };
      assert.deepEqual(JSON.parse(written.text), JSON.parse(JSON.stringify(whole)));
      assert.deepEqual([written.device, written.cls], [one.dev.id, one.cls]);
    }),
  );
});

test('messages that share their keys share what is left of them', () => {
  const keys = ['a', 'b', 'c', 'd'];
  const one = (left: readonly number[]): readonly string[] => {
    const m = keys.map((n, v): Metric => ({ n, v }));
    const decoded: Decoded = { kind: 'state', dev: { id: 'x' }, ts: 1, clk: 'gateway', cls: 'state', m };
    return withoutMetrics({ ...textOf(decoded, envelope('t', ''), 'house'), keys }, left).keys;
  };
  assert.deepEqual(one([1, 3]), ['a', 'c']);
  assert.equal(one([1, 3]), one([1, 3]));
  assert.deepEqual(one([3]), ['a', 'b', 'c']);
});

test('results come out of their pack as they went in', () => {
  const texts = fc
    .array(decoded, { minLength: 1, maxLength: 3 })
    .map((all) => all.map((one) => textOf(one, envelope('t', ''), 'house')));
  const detailed = fc.array(decoded, { maxLength: 2 }).map((measurements) => ({
    measurements: JSON.parse(JSON.stringify(measurements)) as Decoded[],
    refused: [],
    changes: [],
  }));
  fc.assert(
    fc.property(fc.array(fc.oneof(texts, detailed, fc.constant([])), { maxLength: 6 }), (results: EnvelopeResult[]) => {
      assert.deepEqual(unpackResults(packResults(results)), results);
    }),
  );
});

test('long results lie in the room, and come out of it as they went in', () => {
  const room = openRoom(new SharedArrayBuffer(256 * 1024));
  const texts = decoded.map((one) => [textOf(one, envelope('t', ''), 'house')]);
  fc.assert(
    fc.property(fc.array(texts, { minLength: 100, maxLength: 120 }), (results: EnvelopeResult[]) => {
      const packed = packResults(results, room);
      assert.deepEqual(Object.keys(packed), ['ends']);
      assert.deepEqual(unpackResults(packed, room), results);
    }),
    { numRuns: 20 },
  );
});
