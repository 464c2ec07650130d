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

const told = (ts: number, rts = ts) => ({ ts, clk: 'source', rts }) as const;

test('a start that the source tells is believed', () => {
  const { metric, series } = followCounter(counter(5, 77), { start: 10, last: 9, ts: 20 }, told(100));
  assert.equal(metric.st, 77);
  assert.deepEqual(series, { start: 77, last: 5, ts: 100 });
});

test('a value that is older than the last one starts nothing', () => {
  const running = { start: 10, last: 900, ts: 200 };
  const { metric, series } = followCounter(counter(5), running, told(150));
  assert.equal(metric.st, 10);
  assert.equal(series, running);
});

test('a counter goes on, and its resets are seen, when a clock that was years ahead is set back', () => {
  const [now, ahead] = [Date.UTC(2026, 6, 1), Date.UTC(2036, 6, 1)];
  for (const clk of ['gateway', 'source'] as const) {
    for (const running of [
      { start: ahead, last: 900, ts: ahead },
      { start: now - 1_000, last: 900, ts: ahead },
    ]) {
      const next = followCounter(counter(901), running, { ts: now, clk, rts: now });
      assert.equal(next.metric.st, running.start, 'the same series');
      assert.deepEqual(next.series, { start: running.start, last: 901, ts: now });
      const late = followCounter(counter(900), next.series, told(now - 500, now + 500));
      assert.deepEqual([late.metric.st, late.series], [Math.min(running.start, now - 500), next.series]);
      const reset = followCounter(counter(3), next.series, { ts: now + 1_000, clk, rts: now + 1_000 });
      assert.equal(reset.metric.st, now + 1_000);
    }
  }
});

test('a gateway whose clock was never set goes on with a counter, and knows what comes late by the clock of the source', () => {
  const at = Date.UTC(2026, 6, 1);
  const running = { start: at, last: 900, ts: at + 2_000 };
  const unset = followCounter(counter(901), running, { ts: 60_000, clk: 'suspect', rts: 60_000 });
  assert.deepEqual([unset.metric.st, unset.series?.last], [at, 901]);
  const late = followCounter(counter(5), running, told(at + 1_000, 60_000));
  assert.deepEqual([late.metric.st, late.series], [at, running]);
});

test('a negative count carries no value', () => {
  assert.deepEqual(followCounter({ ...counter(-1), u: 'Wh' }, undefined, told(5)), {
    metric: { n: 'energy.import', c: 'total_increasing', u: 'Wh', q: 'out_of_range', raw: -1 },
    series: undefined,
  });
});

test('a metric that may fall is left alone', () => {
  const metric: Metric = { n: 'energy.net', v: -4, c: 'total' };
  assert.equal(followCounter(metric, undefined, told(5)).metric, metric);
});

test('in each series values only grow, and series begin one after the other', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -5, max: 100, noNaN: true })), (values) => {
      let series: Series | undefined;
      let last: { st: number; v: number } | undefined;
      for (const [ts, value] of values.entries()) {
        const counted = followCounter(counter(value), series, told(ts));
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
