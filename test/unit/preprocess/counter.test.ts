import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Metric } from '../../../contracts/message.ts';
import { followCounter } from '../../../gateway/preprocess/counter.ts';
import type { Series } from '../../../gateway/preprocess/counter.ts';

const counter = (v: number, st?: number): Metric => ({
  n: 'energy.import',
  v,
  c: 'total_increasing',
  ...(st === undefined ? {} : { st }),
});

test('a start that the source tells is believed', () => {
  const { metric, series } = followCounter(counter(5, 77), { start: 10, last: 9, ts: 20 }, 100);
  assert.equal(metric.st, 77);
  assert.deepEqual(series, { start: 77, last: 5, ts: 100 });
});

test('a value that is older than the last one starts nothing', () => {
  const running = { start: 10, last: 900, ts: 200 };
  const { metric, series } = followCounter(counter(5), running, 150);
  assert.equal(metric.st, 10);
  assert.equal(series, running);
});

test('a negative count carries no value', () => {
  assert.deepEqual(followCounter({ ...counter(-1), u: 'Wh' }, undefined, 5), {
    metric: { n: 'energy.import', c: 'total_increasing', u: 'Wh', q: 'out_of_range', raw: -1 },
    series: undefined,
  });
});

test('a metric that may fall is left alone', () => {
  const metric: Metric = { n: 'energy.net', v: -4, c: 'total' };
  assert.equal(followCounter(metric, undefined, 5).metric, metric);
});

test('in each series values only grow, and series begin one after the other', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -5, max: 100, noNaN: true })), (values) => {
      let series: Series | undefined;
      let last: { st: number; v: number } | undefined;
      for (const [ts, value] of values.entries()) {
        const counted = followCounter(counter(value), series, ts);
        series = counted.series;
        const { v, st } = counted.metric;
        if (v === undefined) continue;
        assert.ok(st !== undefined);
        if (last !== undefined) assert.ok(st > last.st || (st === last.st && v >= last.v));
        last = { st, v };
      }
    }),
  );
});
