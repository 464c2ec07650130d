import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, type Bench } from '../../test/unit/plugins/codec-bench.ts';
import zigbee2mqtt from './index.ts';

const base = 'zigbee2mqtt';
const numeric = (name: string, unit?: string, more: object = {}): object => ({
  type: 'numeric',
  name,
  property: name,
  access: 1,
  ...(unit && { unit }),
  ...more,
});
const binary = (name: string, on: unknown, off: unknown, more: object = {}): object => ({
  type: 'binary',
  name,
  property: name,
  value_on: on,
  value_off: off,
  access: 1,
  ...more,
});
const device = (address: string, name: string, exposes: object[], more: object = {}): object => ({
  ieee_address: address,
  friendly_name: name,
  type: 'EndDevice',
  definition: { model: 'M', vendor: 'V', description: 'D', exposes },
  ...more,
});

const climate = device('0x01', 'Pantry climate', [
  numeric('battery', '%'),
  numeric('temperature', '°C'),
  numeric('humidity', '%'),
  numeric('voltage', 'mV'),
  numeric('linkquality', 'lqi'),
]);
const plug = device('0x02', 'floor2/office/desk_plug', [
  { type: 'switch', features: [binary('state', 'ON', 'OFF', { value_toggle: 'TOGGLE', access: 7 })] },
  numeric('power', 'W'),
  numeric('current', 'A'),
  numeric('voltage', 'V'),
  numeric('energy', 'kWh'),
]);
const door = device('0x03', 'Back door', [
  binary('contact', false, true),
  numeric('voltage', 'mV'),
  numeric('battery', '%'),
]);
const lamp = device('0x04', 'Sofa lamp', [
  {
    type: 'light',
    features: [
      binary('state', 'ON', 'OFF', { access: 7 }),
      numeric('brightness', undefined, { value_max: 254, access: 7 }),
      numeric('color_temp', 'mired', { access: 7 }),
      {
        type: 'composite',
        name: 'color_xy',
        property: 'color',
        features: [numeric('x'), numeric('y')],
      },
      {
        type: 'composite',
        name: 'color_hs',
        property: 'color',
        features: [numeric('hue'), numeric('saturation')],
      },
    ],
  },
]);
const twoGang = device(
  '0x05',
  'two gang switch',
  ['left', 'right'].map((endpoint) => ({
    type: 'switch',
    endpoint,
    features: [binary('state', 'ON', 'OFF', { property: `state_${endpoint}`, endpoint, access: 7 })],
  })),
);
const remote = device('0x06', 'Bedside remote', [
  { type: 'enum', name: 'action', property: 'action' },
  numeric('battery', '%'),
]);

function house(...devices: object[]): Bench {
  const made = bench(zigbee2mqtt);
  made.teach(`${base}/bridge/devices`, devices);
  return made;
}

test('voltage is what the exposes say: millivolts of a battery, volts of the mains', () => {
  const known = house(climate, plug);
  assert.deepEqual(known.readings(`${base}/Pantry climate`, { voltage: 2985 }), [
    {
      device: 'z2m:0x01',
      kind: 'telemetry',
      metrics: [{ n: 'battery.voltage', key: 'voltage', value: 2985, unit: 'mV' }],
    },
  ]);
  assert.deepEqual(known.lines(`${base}/floor2/office/desk_plug`, { voltage: 231, energy: 73.06, state: 'ON' }), [
    'z2m:0x02 telemetry',
    'voltage 231 V',
    'energy.import 73.06 kWh',
    'switch.state true',
  ]);
});

test('a contact whose value_on is false is open when false', () => {
  assert.deepEqual(house(door).lines(`${base}/Back door`, { contact: false, battery: 100, voltage: 3045 }), [
    'z2m:0x03 state',
    'contact true',
    'battery 100 %',
    'battery.voltage 3045 mV',
  ]);
  assert.deepEqual(house(door).lines(`${base}/Back door`, { contact: true })[1], 'contact false');
  const other = device('0x03', 'Back door', [binary('contact', true, false)]);
  assert.deepEqual(house(other).lines(`${base}/Back door`, { contact: true })[1], 'contact true');
});

test('a state before its list is kept without claims', () => {
  assert.deepEqual(bench(zigbee2mqtt).lines(`${base}/Back door`, { contact: false, voltage: 3045, linkquality: 90 }), [
    'z2m:Back door telemetry',
    'x.z2m.contact false',
    'x.z2m.voltage 3045',
    'signal.lqi 90',
  ]);
});

test('a unit that measures something else leaves the name unclaimed', () => {
  const air = device('0x07', 'air', [
    numeric('voc', 'ppb'),
    numeric('formaldehyd', 'ppm'),
    numeric('pm25', 'µg/m³'),
    numeric('temperature'),
  ]);
  assert.deepEqual(house(air).lines(`${base}/air`, { voc: 143, formaldehyd: 0.1, pm25: 9, temperature: 20 }).slice(1), [
    'voc.parts 143 ppb',
    'x.z2m.formaldehyd 0.1 ppm',
    'pm2_5 9 µg/m³',
    'x.z2m.temperature 20',
  ]);
});

test('nested composites and levels of a light', () => {
  const state = {
    brightness: 127,
    color: { hue: 28, saturation: 64, x: 0.4573, y: 0.41 },
    color_mode: 'xy',
    color_temp: 366,
    state: 'ON',
  };
  assert.deepEqual(house(lamp).lines(`${base}/Sofa lamp`, state), [
    'z2m:0x04 state',
    'light.brightness 127 1/254',
    'light.hue 28 deg',
    'light.saturation 64 %',
    'light.x 0.4573',
    'light.y 0.41',
    'x.z2m.color_mode xy',
    'light.color_temp 366 mired',
    'switch.state true',
  ]);
});

test('suffixes are endpoints', () => {
  assert.deepEqual(house(twoGang).lines(`${base}/two gang switch`, { state_left: 'OFF', state_right: 'ON' }).slice(1), [
    'switch.state[left] false',
    'switch.state[right] true',
  ]);
});

test('phases without endpoints are endpoints too', () => {
  const meter = device('0x08', 'meter', [
    numeric('power', 'W'),
    numeric('power_phase_b', 'W'),
    numeric('voltage_a', 'V'),
  ]);
  assert.deepEqual(house(meter).lines(`${base}/meter`, { power: 3, power_phase_b: 1, voltage_a: 230 }).slice(1), [
    'power.active 3 W',
    'power.active[b] 1 W',
    'voltage[a] 230 V',
  ]);
});

test('an action is an event beside the state, and its taking back is neither event nor action', () => {
  const known = house(remote);
  assert.deepEqual(known.lines(`${base}/Bedside remote`, { action: 'on', action_rate: 83, battery: 74 }), [
    'z2m:0x06 event',
    'action on',
    'x.z2m.action_rate 83',
    'z2m:0x06 telemetry',
    'battery 74 %',
  ]);
  for (const [nothing, said] of [
    ['', ''],
    [null, 'sentinel(null)'],
  ]) {
    assert.deepEqual(known.lines(`${base}/Bedside remote`, { action: nothing, battery: 74 }), [
      'z2m:0x06 telemetry',
      `x.z2m.action ${said}`,
      'battery 74 %',
    ]);
  }
  assert.deepEqual(known.lines(`${base}/Bedside remote/action`, 'on'), ['z2m:0x06 event', 'action on']);
});

test('null is no value', () => {
  assert.deepEqual(house(climate).lines(`${base}/Pantry climate`, { temperature: null, battery: null }).slice(1), [
    'temperature sentinel(null) °C',
    'battery sentinel(null) %',
  ]);
});

test('the attribute topic gives the same metric as the JSON', () => {
  const known = house(plug, lamp, twoGang);
  const one = (topic: string, payload: unknown): unknown => known.readings(`${base}/${topic}`, payload)[0]?.metrics;
  assert.deepEqual(one('floor2/office/desk_plug/power', '88'), one('floor2/office/desk_plug', { power: 88 }));
  assert.deepEqual(one('two gang switch/state_left', 'ON'), one('two gang switch', { state_left: 'ON' }));
  assert.deepEqual(one('Sofa lamp/color-x', '0.4'), one('Sofa lamp', { color: { x: 0.4 } }));
  assert.deepEqual(one('Sofa lamp/color', { x: 0.4 }), one('Sofa lamp', { color: { x: 0.4 } }));
});

test('last_seen comes in three styles', () => {
  const at = (seen: unknown): unknown =>
    house(plug).readings(`${base}/floor2/office/desk_plug`, { power: 1, last_seen: seen })[0]?.at;
  const utcMs = 1741108936110;
  assert.deepEqual(at('2025-03-04T17:22:16.110Z'), { utcMs });
  assert.deepEqual(at('2025-03-04T18:22:16.110+01:00'), { utcMs });
  assert.deepEqual(at(utcMs), { utcMs });
});

test('a name with slashes is the longest known name, and its suffixes are told apart', () => {
  const known = house(plug, device('0x09', 'floor2', [numeric('power', 'W')]));
  assert.equal(known.readings(`${base}/floor2/office/desk_plug`, { power: 1 })[0]?.device, 'z2m:0x02');
  assert.equal(known.readings(`${base}/floor2/power`, '1')[0]?.device, 'z2m:0x09');
  assert.deepEqual(known.lines(`${base}/floor2/office/desk_plug/availability`, { state: 'offline' }), [
    'z2m:0x02 availability',
    'availability false',
  ]);
  assert.deepEqual(known.readings(`${base}/floor2/office/desk_plug/set`, { state: 'ON' }), []);
  assert.deepEqual(known.readings(`${base}/floor2/office/desk_plug/get/power`, ''), []);
});

test('availability is read in both styles and for the bridge', () => {
  const known = house(climate);
  const said = (topic: string, payload: unknown): unknown => known.lines(`${base}/${topic}`, payload)[1];
  assert.equal(said('Pantry climate/availability', 'online'), 'availability true');
  assert.equal(said('Pantry climate/availability', { state: 'offline' }), 'availability false');
  assert.deepEqual(known.lines(`${base}/bridge/state`, { state: 'online' }), [
    'z2m:bridge availability',
    'availability true',
  ]);
  assert.deepEqual(known.readings(`${base}/Pantry climate/availability`, ''), []);
});

test('a rename moves the name and keeps the device; who left the list is forgotten', () => {
  const known = house(climate, door);
  known.teach(`${base}/bridge/groups`, [{ id: 7, friendly_name: 'downstairs' }]);
  known.teach(`${base}/bridge/devices`, [{ ...climate, friendly_name: 'Cellar' }]);
  assert.deepEqual([...known.knowledge.keys()].sort(), ['d:z2m:0x01', 'd:z2m:group:7', 'n:Cellar', 'n:downstairs']);
  assert.equal(known.readings(`${base}/Cellar`, { battery: 1 })[0]?.device, 'z2m:0x01');
  assert.equal(known.readings(`${base}/downstairs`, { state: 'ON' })[0]?.device, 'z2m:group:7');
});

test('the same list again teaches nothing', () => {
  const known = house(climate, plug);
  const before = JSON.stringify([...known.knowledge]);
  known.teach(`${base}/bridge/devices`, [climate, plug]);
  assert.equal(JSON.stringify([...known.knowledge]), before);
});

test('the list is a registration of every device, log lines and requests are nothing', () => {
  const known = bench(zigbee2mqtt);
  const [reading] = known.readings(`${base}/bridge/devices`, [climate]);
  assert.equal(reading?.kind, 'registration');
  assert.equal(reading.meta?.['definition.model'], 'M');
  for (const noise of ['bridge/logging', 'bridge/request/permit_join', 'bridge/definitions']) {
    assert.deepEqual(known.readings(`${base}/${noise}`, { message: 'x' }), []);
  }
});

test('commands go to the present name and to the right property', () => {
  const known = house(plug, twoGang, lamp);
  assert.deepEqual(known.encode('switch', 'z2m:0x02', { on: true }), [
    `${base}/floor2/office/desk_plug/set {"state":"ON"}`,
  ]);
  assert.deepEqual(known.encode('switch', 'z2m:0x05', { on: false, ep: 'left' }), [
    `${base}/two gang switch/set {"state_left":"OFF"}`,
  ]);
  assert.deepEqual(known.encode('light', 'z2m:0x04', { on: true, brightness: 50, color_temp: 2700 }), [
    `${base}/Sofa lamp/set {"state":"ON","brightness":127,"color_temp":370}`,
  ]);
  assert.deepEqual(known.encode('cover', 'z2m:0xaa', { do: 'stop' }), [`${base}/0xaa/set {"state":"STOP"}`]);
  assert.deepEqual(known.encode('set', 'z2m:0x02', { child_lock: 'LOCK' }), [
    `${base}/floor2/office/desk_plug/set {"child_lock":"LOCK"}`,
  ]);
  assert.throws(() => known.encode('setpoint', 'z2m:0x02', { celsius: 21 }), { code: 'COMMAND_INVALID' });
  assert.throws(() => known.encode('switch', 'z2m:bridge', { on: true }), { code: 'COMMAND_INVALID' });
});

test('a raw command is proved by the properties that the device is known to show, a toggle by either value', () => {
  const known = house(plug, lamp);
  assert.deepEqual(known.proof('set', 'z2m:0x04', { state: 'ON', brightness: 127, transition: 2 })?.state, [
    { n: 'switch.state', value: true },
    { n: 'light.brightness', value: 50, within: 0.25 },
  ]);
  assert.deepEqual(known.proof('set', 'z2m:0x02', { state: 'toggle' })?.state, [{ n: 'switch.state', ep: undefined }]);
  assert.equal(known.proof('set', 'z2m:0x04', { effect: 'blink' }), undefined);
});
