import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSchema } from '../../../gateway/config/schema.ts';
import { checkGpio } from '../../../gateway/doctor/check-gpio.ts';
import { chip } from '../transports/gpio/gpio-rig.ts';

const parse = (gpio: object, meanings: object = {}) =>
  configSchema.safeParse({ dataDir: '/d', gpio, plugins: { config: { gpio: { lines: meanings } } } });
const line = (given: object) => parse({ lines: { a: { as: 'input', ...given } } }).success;

test('the doctor says which line of which chip each pin is, and what is wrong with one that is none', async () => {
  const config = parse({ lines: { door: { as: 'input', pin: 11 }, ground: { as: 'output', pin: 6 } } }).data;
  assert.ok(config);
  const [door, ground] = await checkGpio(config, chip().way);
  assert.deepEqual(door?.state, 'ok');
  assert.match(door?.says ?? '', /pin 11 is line 17 of pinctrl-bcm2711/);
  assert.equal(ground?.state, 'warn');
  assert.match(ground?.says ?? '', /pin 6 of the header is no GPIO line/);
});

test('a line without a place, with two, or with a raw number is refused', () => {
  assert.equal(line({ pin: 11 }), true);
  assert.equal(line({ line: 'GPIO17' }), true);
  for (const wrong of [{}, { pin: 11, line: 'GPIO17' }, { line: '529' }, { pin: 41 }, { pin: 11, safe: 'off' }]) {
    assert.equal(line(wrong), false, JSON.stringify(wrong));
  }
});

test('a line without a meaning, and a meaning without a line, are told', async () => {
  const config = parse({ lines: { door: { as: 'input', pin: 11 } } }, { dor: { is: 'door' } }).data;
  assert.ok(config);
  const [, ...names] = await checkGpio(config, chip().way);
  assert.deepEqual(
    names.map(({ says }) => says),
    ['gpio.lines.door: what it means is not said', 'plugins.config.gpio.lines.dor: there is no such line'],
  );
});
