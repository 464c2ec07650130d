import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceGuard, type DeviceResource } from '../../../gateway/cells/device-guard.ts';

const resources: DeviceResource[] = [
  { name: 'temperature', valueType: 'Float32', readWrite: 'R', units: 'Cel', minimum: -60, maximum: 150 },
  { name: 'setpoint', valueType: 'Float32', readWrite: 'RW', units: 'Cel', minimum: 5, maximum: 35, maxRate: 0.1 },
  { name: 'steps', valueType: 'Uint8' },
];
const clock = { now: 0, monoMs: () => clock.now };
const guard = () => deviceGuard(resources, clock);

test('a value beyond the range, type or unit of its resource loses its value; others are as they were', () => {
  const held = (metric: object) => {
    const readings = [
      { device: 'a:1', kind: 'telemetry' as const, metrics: [{ n: 'temperature', key: 't', ...metric }] },
    ];
    const [reading] = guard().held({ is: 'decoded', readings, lessons: [] }).readings;
    const [first] = reading?.metrics ?? [];
    return first?.q ?? first?.value;
  };
  assert.equal(held({ value: 21.5 }), 21.5);
  assert.equal(held({ value: 150 }), 150);
  assert.equal(held({ value: 151 }), 'out_of_range');
  assert.equal(held({ value: 250, unit: '°F' }), 250);
  assert.equal(held({ value: 400, unit: '°F' }), 'out_of_range');
  assert.equal(held({ value: 21, unit: 'W' }), 'out_of_range');
  assert.equal(held({ value: 'warm' }), 'out_of_range');
  assert.equal(held({ n: 'steps', value: 256 }), 'out_of_range');
  assert.equal(held({ n: 'steps', value: 1.5 }), 'out_of_range');
  assert.equal(held({ n: 'humidity', value: 9_999 }), 9_999);
});

test('a command sets what may be written, within its range, and not too often', () => {
  const one = guard();
  const wrong = (args: unknown, command = 'set') => one.refuses({ is: 'encode', command, device: 'a:1', args })?.detail;
  assert.equal(wrong({ temperature: 20 }), 'temperature can only be read');
  assert.equal(wrong({ setpoint: 36 }), 'setpoint is set to a value beyond its contract');
  assert.equal(wrong({ setpoint: '20' }), 'setpoint is set to a value beyond its contract');
  assert.equal(wrong({ value: 99 }, 'setpoint'), 'setpoint is set to a value beyond its contract');
  assert.equal(wrong({ setpoint: 20 }), undefined);
  assert.equal(wrong({ setpoint: 21 }), 'setpoint is set more often than its contract lets');
  assert.equal(one.refuses({ is: 'encode', command: 'set', device: 'a:2', args: { setpoint: 21 } }), undefined);
  clock.now += 10_000;
  assert.equal(wrong({ setpoint: 21 }), undefined);
  assert.equal(wrong({ brightness: 5_000 }), undefined);
});
