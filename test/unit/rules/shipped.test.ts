import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readRule } from '../../../gateway/rules/language/read-rule.ts';
import { readRules } from '../../../gateway/rules/rule-folder.ts';
import { deedsOf } from '../../../gateway/rules/deeds.ts';
import { bench, paperDevices, type Bench } from './rig.ts';

const folder = join(import.meta.dirname, '../../../gateway/rules/shipped');
const shipped = (id: string) => readRule(readFileSync(join(folder, `${id}.yaml`), 'utf8'), id);

const house = paperDevices({
  kitchen: { room: 'Kitchen' },
  porch: { tags: ['outdoor'] },
  sauna: { room: 'Bath', tags: ['hot'] },
  window: { room: 'Kitchen' },
  someone: { room: 'Kitchen' },
  radiator: { room: 'Kitchen', reports: ['setpoint.heat'] },
  fan: { room: 'Kitchen', tags: ['cooling'] },
  lamp: { room: 'Kitchen', reports: ['light.brightness'] },
  plug: { room: 'Kitchen', reports: ['switch.state'] },
});

/** What a bench's firings would do, as `<second> <what>`. */
function deeds({ effects }: Bench): string[] {
  return effects.flatMap((effect) => {
    if (effect.is !== 'fired') return [];
    const { rule } = effect.instance;
    const actions = effect.to >= 0 ? (rule.cases[effect.to]?.actions ?? []) : rule.otherwise;
    return deedsOf(actions, effect, house).map((deed) => {
      if (deed.do === 'command')
        return `${deed.command.device} ${deed.command.name} ${JSON.stringify(deed.command.args)}`;
      return deed.do === 'raise' ? `${deed.code} ${deed.subject} ${deed.severity}: ${deed.detail}` : deed.do;
    });
  });
}

test('every shipped rule is valid; hazards are on, the optimizer is off until somebody wants it', async () => {
  const rules = await readRules(folder);
  assert.deepEqual(
    rules.flatMap((one) => (one.rule === undefined ? [one.id] : [])),
    [],
  );
  assert.equal(rules.length, 10);
  for (const { id, rule } of rules) assert.equal(rule?.enabled, id.startsWith('hazard-'), id);
});

test('an alarm of a device that is in no room yet names the device alone', async () => {
  const one = await bench([shipped('hazard-leak')], house);
  one.says(0, 'porch', { moisture: true });
  one.until(60);
  assert.deepEqual(deeds(one), ['LEAK porch critical: Water at porch. Close the stopcock.']);
});

test('smoke, gas and a leak are alarms of the device that tells them, and over when it says so', async () => {
  const one = await bench([shipped('hazard-smoke'), shipped('hazard-gas'), shipped('hazard-leak')], house);
  one.says(0, 'kitchen', { smoke: true, temperature: 22 });
  one.says(1, 'kitchen', { smoke: false });
  one.says(10, 'kitchen', { carbon_monoxide: true });
  one.says(20, 'window', { moisture: true });
  one.says(22, 'window', { moisture: false });
  one.says(30, 'window', { moisture: true });
  one.until(60);
  assert.deepEqual(deeds(one), [
    'FIRE kitchen critical: Smoke at kitchen (Home/Kitchen). Leave the house, call the fire brigade.',
    'GAS kitchen critical: Gas at kitchen (Home/Kitchen). Open windows, switch nothing, leave.',
    'LEAK window critical: Water at window (Home/Kitchen). Close the stopcock.',
  ]);
  assert.equal(one.fired.at(-1), '33 window -→on', 'a drop that is wiped away is none');
});

test('carbon monoxide that is measured must last a minute', async () => {
  const one = await bench([shipped('hazard-gas')], house);
  for (const [second, ppm] of [
    [0, 10],
    [30, 35],
    [60, 20],
    [80, 12],
    [100, 60],
    [130, 80],
  ] as const)
    one.says(second, 'kitchen', { co: ppm });
  one.until(300);
  assert.deepEqual(one.fired, ['160 kitchen -→carbon monoxide']);
});

test('a fire is told by its heat or its rise, a sauna and a sunny porch are none', async () => {
  const one = await bench([shipped('hazard-fire')], house);
  for (let minute = 0; minute <= 4; minute++) {
    one.says(minute * 60, 'kitchen', { temperature: 22 + minute * 5 });
    one.says(minute * 60, 'sauna', { temperature: 40 + minute * 12 });
    one.says(minute * 60, 'porch', { temperature: 20 + minute });
  }
  assert.deepEqual(one.fired, ['240 kitchen -→on']);
});

test('an armed house tells who comes in, after the time to switch it off', async () => {
  const one = await bench([shipped('hazard-intrusion')], house);
  one.says(0, 'window', { contact: true });
  one.says(10, 'window', { contact: false });
  one.flag(20, 'armed', true);
  one.says(30, 'window', { contact: true });
  one.flag(50, 'armed', false);
  one.until(100);
  assert.deepEqual(one.fired, []);
  one.flag(200, 'armed', true);
  one.until(300);
  assert.deepEqual(one.fired, ['230 window -→somebody is there'], 'the window stands open');
  one.says(310, 'kitchen', { tamper: true });
  assert.equal(one.fired.at(-1), '310 kitchen -→tampered with');
});

test('frost and overheating are told after they lasted, and with hysteresis', async () => {
  const one = await bench([shipped('hazard-freeze'), shipped('hazard-overheating')], house);
  one.says(0, 'kitchen', { temperature: 3.5 });
  one.says(0, 'porch', { temperature: -10 });
  one.says(200, 'kitchen', { temperature: 5 });
  one.until(400);
  one.says(500, 'kitchen', { temperature: 6 });
  one.says(600, 'plug', { 'temperature.device': 85 });
  one.until(700);
  assert.deepEqual(one.fired, ['300 kitchen -→on', '500 kitchen on→-', '610 plug -→on']);
});

test('heating follows windows, weather and who is there, and tells radiators only', async () => {
  const one = await bench([shipped('optimizer-heating')], house);
  one.says(0, 'someone', { occupancy: true });
  one.says(100, 'someone', { occupancy: false });
  one.until(2_000);
  one.says(2_500, 'window', { contact: true });
  one.says(3_000, 'window', { contact: false });
  one.says(3_100, 'porch', { temperature: 20 });
  one.until(4_000);
  assert.deepEqual(one.fired, [
    '0 p-Kitchen -→somebody is there',
    '100 p-Kitchen somebody is there→-',
    '1900 p-Kitchen -→nobody is there',
    '2530 p-Kitchen nobody is there→window open',
    '3000 p-Kitchen window open→nobody is there',
    '3700 p-Kitchen nobody is there→warm outside',
  ]);
  const celsius = [21, 17, 7, 17, 7];
  assert.deepEqual(
    deeds(one),
    celsius.map((value) => `radiator setpoint {"celsius":${value}}`),
  );
});

test('cooling goes on in warm rooms with somebody in and windows shut, and off again', async () => {
  const one = await bench([shipped('optimizer-cooling')], house);
  one.says(0, 'kitchen', { temperature: 27 });
  one.says(10, 'someone', { motion: true });
  one.until(200);
  one.says(1_000, 'window', { contact: true });
  assert.deepEqual(deeds(one), ['fan switch {"on":true}', 'fan switch {"on":false}']);
});

test('lights go on by presence in the dark and off when nobody is there; a plug is no light', async () => {
  const one = await bench([shipped('optimizer-lights')], house);
  one.says(0, 'kitchen', { illuminance: 300 });
  one.says(1, 'someone', { occupancy: true });
  one.says(60, 'kitchen', { illuminance: 20 });
  one.says(61, 'kitchen', { illuminance: 90 });
  one.says(100, 'someone', { occupancy: false });
  one.until(1_000);
  assert.deepEqual(deeds(one), ['lamp switch {"on":true}', 'lamp switch {"on":false}']);
  assert.equal(one.fired.at(-1), '400 p-Kitchen -→nobody is there');
});
