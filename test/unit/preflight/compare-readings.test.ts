import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reading } from '../../../contracts/plugin.ts';
import { compareDecoded } from '../../../gateway/preflight/compare-readings.ts';
import type { Decoded } from '../../../gateway/preflight/compare-readings.ts';

type Metrics = Reading['metrics'];

const said = (metrics: Metrics, more: Partial<Reading> = {}): Decoded => ({
  readings: [{ device: 'a:1', kind: 'telemetry', metrics, ...more }],
});
const warm = { n: 'temperature', key: 'T', value: 21.5, unit: '°C' };
const damp = { n: 'humidity', key: 'H', value: 40, unit: '%' };

const cases: readonly (readonly [name: string, running: Decoded, candidate: Decoded, expected: readonly string[]])[] = [
  ['equal readings', said([warm, damp]), said([warm, damp]), []],
  ['another order of the metrics', said([warm, damp]), said([damp, warm]), []],
  ['an added metric', said([warm]), said([warm, damp]), ['metric-added a:1 humidity  → 40 %']],
  ['a removed metric', said([warm, damp]), said([warm]), ['metric-removed a:1 humidity 40 % → ']],
  ['a changed value', said([warm]), said([{ ...warm, value: 22 }]), ['value-changed a:1 temperature 21.5 °C → 22 °C']],
  [
    'a changed unit is one difference, also when the value follows it',
    said([warm]),
    said([{ ...warm, value: 70.7, unit: '°F' }]),
    ['unit-changed a:1 temperature 21.5 °C → 70.7 °F'],
  ],
  [
    'a value that became a quality',
    said([warm]),
    said([{ n: 'temperature', key: 'T', q: 'sentinel', raw: -127, unit: '°C' }]),
    ['value-changed a:1 temperature 21.5 °C → sentinel (-127) °C'],
  ],
  [
    'a counter that is none any more',
    said([{ ...warm, counter: 'total_increasing' }]),
    said([warm]),
    ['detail-changed a:1 temperature counter "total_increasing" → counter nothing'],
  ],
  [
    'another kind of reading',
    said([warm]),
    said([warm], { kind: 'state' }),
    ['detail-changed a:1 temperature kind "telemetry" → kind "state"'],
  ],
  [
    'an endpoint is part of the name',
    said([{ ...warm, ep: '1' }]),
    said([{ ...warm, ep: '2' }]),
    ['metric-removed a:1 temperature @1 21.5 °C → ', 'metric-added a:1 temperature @2  → 21.5 °C'],
  ],
  [
    'a renamed device',
    said([warm]),
    said([warm], { device: 'a:2' }),
    ['device-removed a:1  temperature → ', 'device-added a:2   → temperature'],
  ],
  [
    'metadata without metrics',
    said([], { meta: { model: 'x' } }),
    said([], { meta: { model: 'y' } }),
    ['detail-changed a:1 (telemetry) meta {"model":"x"} → meta {"model":"y"}'],
  ],
  [
    'two equal names are told apart',
    said([warm, warm]),
    said([warm]),
    ['metric-removed a:1 temperature #2 21.5 °C → '],
  ],
  ['a new error', said([warm]), { error: 'boom' }, ['error-added    → boom']],
  ['an error that is gone', { error: 'boom' }, said([warm]), ['error-removed   boom → ']],
  ['another error', { error: 'boom' }, { error: 'bang' }, ['error-changed   boom → bang']],
  ['the same error', { error: 'boom' }, { error: 'boom' }, []],
];

for (const [name, running, candidate, expected] of cases) {
  test(`compares: ${name}`, () => {
    const found = compareDecoded(running, candidate).map(
      ({ what, device, metric, before, after }) => `${what} ${device} ${metric} ${before} → ${after}`,
    );
    assert.deepEqual(found, expected);
  });
}
