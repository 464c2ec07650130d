import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SampleLog, type SampledSeries } from '../../../gateway/history/sample-log.ts';
import { noSamples } from '../../../gateway/history/samples.ts';

const before = { at: 1, value: 2, start: 3 };
const kinds: readonly SampledSeries[] = [
  { id: 1, type: 'number', counter: false, before: undefined },
  { id: 2, type: 'text', counter: false, before: undefined },
  { id: 70_000, type: 'number', counter: true, before },
  { id: 4, type: 'boolean', counter: false, before: undefined },
];
const sample = fc.record({
  kind: fc.nat(kinds.length - 1),
  at: fc.nat(),
  value: fc.double({ noNaN: true }),
  text: fc.string(),
  start: fc.nat(),
  isSetBack: fc.boolean(),
});

test('samples come out by series, in the order in which they went in, however many they are', () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 40 }), fc.subarray([...kinds]), (all, asked) => {
      const log = new SampleLog(2);
      const expected = new Map(kinds.map((one) => [one.id, noSamples(one.before)]));
      for (const { kind, at, value, text, start, isSetBack } of all) {
        const { id, type, counter } = kinds[kind] as SampledSeries;
        const own = expected.get(id) ?? noSamples();
        own.times.push(at);
        if (type === 'text') own.texts.push(text);
        else own.values.push(value);
        if (counter) {
          own.starts.push(start);
          if (isSetBack) own.setBack.push(own.times.length - 1);
          log.addCounter(id, { at, value, start }, isSetBack);
        } else {
          log.add(id, at, type === 'text' ? text : value);
        }
      }
      assert.equal(log.count, all.length);
      const found = log.samplesOf(asked);
      assert.deepEqual(
        [...found],
        asked.map(({ id }) => [id, expected.get(id)]),
      );
    }),
  );
});
