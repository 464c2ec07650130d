import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Reading } from '../../../contracts/plugin.ts';
import { whatIsWrong } from '../../../gateway/preprocess/validate.ts';

const good: Reading = { device: 'a:1', kind: 'telemetry', metrics: [{ n: 'temperature', key: 't', value: 1 }] };

test('a reading within bounds is right', () => {
  assert.equal(whatIsWrong(good), undefined);
  assert.equal(whatIsWrong({ ...good, metrics: [], meta: { firmware: '1.0', slots: null } }), undefined);
});

test('what is wrong is said in words', () => {
  const metric = (more: object) => ({ ...good, metrics: [{ n: 'temperature', key: 't', ...more }] }) as Reading;
  const cases: [Reading, RegExp][] = [
    [{ ...good, device: '' }, /device id/],
    [{ ...good, device: 'x'.repeat(257) }, /device id/],
    [{ ...good, kind: 'rumour' as 'state' }, /kind/],
    [{ ...good, metrics: [] }, /neither/],
    [{ ...good, metrics: Array.from({ length: 1_025 }, () => good.metrics[0]!) }, /more than/],
    [{ ...good, meta: { nested: {} as string } }, /metadata nested/],
    [metric({}), /neither a value/],
    [metric({ value: {} }), /the value/],
    [metric({ value: 1n }), /the value/],
    [metric({ value: 'x'.repeat(20_000) }), /the value/],
    [metric({ n: '', value: 1 }), /the name/],
    [metric({ value: 1, ep: 'x'.repeat(65) }), /endpoint/],
  ];
  for (const [reading, expected] of cases) assert.match(whatIsWrong(reading) ?? '', expected);
});

test('no object makes it throw anything but a type error that becomes a dead letter', () => {
  fc.assert(
    fc.property(fc.object(), (anything) => {
      try {
        whatIsWrong({ ...good, ...anything });
      } catch (error) {
        assert.ok(error instanceof TypeError);
      }
    }),
  );
});
