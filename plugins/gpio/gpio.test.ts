import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PortcullisError } from '../../contracts/index.ts';
import { bench, envelope, samples } from '../../test/unit/plugins/codec-bench.ts';
import gpio from './index.ts';

const settings = {
  lines: {
    'front-door': { is: 'door' },
    cellar: { is: 'leak' },
    water: { is: 'pulses', of: 'water.volume', unit: 'L', perPulse: 10, reading: 123_450 },
    grid: { is: 'pulses', of: 'energy.import', unit: 'kWh', perPulse: 0.001 },
    pump: { is: 'switch' },
  },
};
const made = bench(gpio, settings);
const code = (wanted: string) => (error: unknown) => error instanceof PortcullisError && error.code === wanted;
const config = (lines: object) => gpio.config.safeParse({ lines }).success;

test('levels are what is wired to them, open and wet being true', () => {
  assert.deepEqual(made.lines('gpio/front-door', { level: 1 }), ['gpio:front-door state', 'contact true']);
  assert.deepEqual(made.lines('gpio/cellar', { level: 0 }), ['gpio:cellar state', 'moisture false']);
  assert.deepEqual(made.lines('gpio/pump', { level: 1 }), ['gpio:pump state', 'switch.state true']);
});

test('a count is what the meter shows, as a counter whose series has a start', () => {
  assert.deepEqual(made.lines('gpio/water', { count: 3, since: 1_700_000_000_000 }), [
    'gpio:water telemetry',
    'water.volume 123480 L',
    'x.gpio.pulses 3',
  ]);
  const [reading] = made.readings('gpio/grid', { count: 1_001, since: 1_700_000_000_000 });
  assert.deepEqual(reading?.metrics[0], {
    n: 'energy.import',
    key: 'count',
    value: 1.001,
    unit: 'kWh',
    counter: 'total_increasing',
    seriesStart: 1_700_000_000_000,
  });
});

test('every message of the corpus is read, and presence is a reading of its own', () => {
  for (const { topic, payload } of samples('gpio')) assert.ok(made.readings(topic, payload).length > 0, topic);
  assert.deepEqual(made.lines('gpio/pump/availability', 'offline'), ['gpio:pump availability', 'availability false']);
});

test('what no line of the board said is refused', () => {
  for (const [topic, payload] of [
    ['gpio/nobody', { level: 1 }],
    ['gpio/constructor', { level: 1 }],
    ['gpio/front-door/set', 'on'],
    ['gpio/front-door', { level: 2 }],
    ['gpio/water', { count: -1, since: 1 }],
    ['gpio/water', { count: 1.5, since: 1 }],
    ['gpio/pump/availability', 'maybe'],
  ] as const) {
    assert.throws(() => made.readings(topic, payload), code('DECODE_FAILED'), topic);
  }
  const context = { config: gpio.config.parse(settings), knowledge: new Map() };
  const overMqtt = { ...envelope('gpio/front-door', { level: 1 }), transport: 'mqtt' } as const;
  assert.throws(() => gpio.decode(overMqtt, context), code('DECODE_FAILED'));
});

test('only a switch is switched', () => {
  assert.deepEqual(made.encode('switch', 'gpio:pump', { on: true }), ['gpio/pump/set on']);
  assert.deepEqual(made.encode('switch', 'gpio:pump', { on: false }), ['gpio/pump/set off']);
  for (const device of ['gpio:front-door', 'gpio:nobody', 'gpio:constructor']) {
    assert.throws(() => made.encode('switch', device, { on: true }), code('COMMAND_INVALID'));
  }
});

test('pulses of something without a unit, or in a unit of something else, are refused', () => {
  assert.equal(config({ a: { is: 'pulses', of: 'water.volume', unit: 'L', perPulse: 1 } }), true);
  assert.equal(config({ a: { is: 'pulses', of: 'water.volume', unit: 'kWh', perPulse: 1 } }), false);
  assert.equal(config({ a: { is: 'pulses', of: 'contact', unit: 'L', perPulse: 1 } }), false);
  assert.equal(config({ a: { is: 'pulses', of: 'water.volume', unit: 'L', perPulse: 0 } }), false);
  assert.equal(config({ a: { is: 'teapot' } }), false);
});
