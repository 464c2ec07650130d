import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, samples, type Bench } from '../../test/unit/plugins/codec-bench.ts';
import esphome from './index.ts';
import { parseTemplate, render } from './template.ts';

const corpus = samples('esphome_ha');
const configOf = (topic: string): unknown => corpus.find((sample) => sample.topic === topic)?.payload;

/** A house that has heard the discovery messages of the corpus that name this entity. */
function house(...topics: string[]): Bench {
  const made = bench(esphome);
  for (const topic of topics) made.teach(topic, configOf(topic));
  return made;
}

const soil = 'homeassistant/sensor/greenhouse/soil_temperature/config';
const attic = 'homeassistant/sensor/attic_therm/config';

test('an entity is a word of its class in its unit, at its object id', () => {
  assert.deepEqual(house(soil).readings('greenhouse/sensor/soil_temperature/state', '14.6'), [
    {
      device: 'ha:b4e62d90c1f7',
      kind: 'telemetry',
      metrics: [{ n: 'temperature', key: 'soil_temperature', value: 14.6, unit: '°C', ep: 'soil_temperature' }],
    },
  ]);
});

test('nan is a failed sensor, not a number', () => {
  assert.deepEqual(house(soil).lines('greenhouse/sensor/soil_temperature/state', 'nan').slice(1), [
    'temperature[soil_temperature] sentinel(nan) °C',
  ]);
});

test('a shared JSON topic gives the described value, and the rest without claims', () => {
  assert.deepEqual(house(attic).lines('rooms/attic/th', { t: 17.2, rh: 61.44, bat: 3.01 }).slice(1), [
    'humidity[attic_therm] 61.4 %',
    'x.ha.t 17.2',
    'x.ha.bat 3.01',
  ]);
});

test('an unknown template is never guessed', () => {
  const made = bench(esphome);
  made.teach('homeassistant/sensor/odd/config', {
    dev_cla: 'temperature',
    unit_of_meas: '°C',
    stat_t: 'odd',
    val_tpl: '{{ (value | float - 32) * 5 / 9 }}',
    dev: { ids: ['odd'] },
  });
  assert.deepEqual(made.lines('odd', '70').slice(1), ['temperature[odd] unparsed(70) °C']);
});

test('templates of the common forms', () => {
  const json = { a: { b: [1.26, 'x'] }, 'k-1': '7.9', n: null, on: true };
  const value = (template: string): unknown => {
    const parsed = parseTemplate(template);
    return parsed === undefined ? 'unknown' : render(parsed, '3.14', json);
  };
  assert.deepEqual(value('{{ value }}'), { value: '3.14' });
  assert.deepEqual(value('{{ value | float }}'), { value: 3.14 });
  assert.deepEqual(value('{{value_json.a.b[0]|round(1)}}'), { value: 1.3 });
  assert.deepEqual(value("{{ value_json['k-1'] | float | int }}"), { value: 7 });
  assert.deepEqual(value('{{ value_json["a"]["b"][1] }}'), { value: 'x' });
  assert.deepEqual(value('{{ value_json.n | float }}'), { value: null });
  assert.equal(value('{{ value_json.missing }}'), 'absent');
  assert.equal(value('{{ value_json.a }}'), 'unparsed');
  for (const odd of [
    '{{ value_json.a + 1 }}',
    '{% if value %}1{% endif %}',
    '{{ value | float(0) }}',
    '{{ value | default(3) }}',
    '{{ value.a }}',
    'text {{ value }}',
    '{{ states("x") }}',
  ]) {
    assert.equal(value(odd), 'unknown', odd);
  }
});

test('a total with last_reset tells when its series began', () => {
  const made = house('homeassistant/sensor/washer/daily/config');
  const [reading] = made.readings('washer/day', { wh: 412, since: '2025-03-04T00:00:00+01:00' });
  assert.deepEqual(reading?.metrics, [
    {
      n: 'energy.import',
      key: 'daily',
      value: 412,
      unit: 'Wh',
      counter: 'total',
      seriesStart: Date.UTC(2025, 2, 3, 23),
      ep: 'daily',
    },
  ]);
  assert.deepEqual(made.lines('washer/day', { wh: 412, since: 'yesterday' }).slice(1), [
    'energy.import[daily] 412 Wh',
    'x.ha.since yesterday',
  ]);
});

test('a door speaks the payloads that it announced', () => {
  const made = house('homeassistant/binary_sensor/porch_door/config');
  assert.deepEqual(made.lines('porch/door', 'open'), ['ha:porch state', 'contact[porch_door] true']);
  assert.deepEqual(made.lines('porch/door', 'shut').slice(1), ['contact[porch_door] false']);
  assert.deepEqual(made.lines('porch/door', 'ajar').slice(1), ['contact[porch_door] unparsed(ajar)']);
});

test('one availability topic of many entities is one availability', () => {
  const made = house(soil);
  made.teach('homeassistant/switch/greenhouse/pump/config', {
    '~': 'greenhouse',
    stat_t: '~/switch/pump/state',
    cmd_t: '~/switch/pump/command',
    avty_t: '~/status',
    dev: { ids: 'b4e62d90c1f7' },
  });
  assert.deepEqual(made.lines('greenhouse/status', 'offline'), ['ha:b4e62d90c1f7 availability', 'availability false']);
  assert.deepEqual(made.lines('greenhouse/switch/pump/state', 'ON'), [
    'ha:b4e62d90c1f7 state',
    'switch.state[pump] true',
  ]);
  assert.deepEqual(made.encode('switch', 'ha:b4e62d90c1f7', { on: true }), ['greenhouse/switch/pump/command ON']);
  assert.throws(() => made.encode('light', 'ha:b4e62d90c1f7', { on: true }), { code: 'COMMAND_INVALID' });
});

test('a light of the JSON schema, with levels of 255 steps', () => {
  const made = bench(esphome);
  made.teach('homeassistant/light/lamp/config', {
    schm: 'json',
    stat_t: 'lamp/light/lamp/state',
    cmd_t: 'lamp/set',
    dev: { ids: 'l1' },
  });
  assert.deepEqual(made.lines('lamp/light/lamp/state', { state: 'ON', brightness: 128, color_mode: 'white' }), [
    'ha:l1 state',
    'switch.state[lamp] true',
    'light.brightness[lamp] 128 1/255',
    'x.ha.color_mode white',
  ]);
  assert.deepEqual(made.encode('light', 'ha:l1', { on: true, brightness: 50 }), [
    'lamp/set {"state":"ON","brightness":128}',
  ]);
});

test('a colour temperature is in kelvin where discovery says so, else in mired', () => {
  const made = bench(esphome);
  for (const more of [{}, { clr_temp_k: true }]) {
    const id = 'clr_temp_k' in more ? 'new' : 'old';
    const topics = { clr_temp_stat_t: `${id}/ct`, clr_temp_cmd_t: `${id}/ct/set` };
    made.teach(`homeassistant/light/${id}/config`, { ...topics, ...more, dev: { ids: id } });
  }
  assert.deepEqual(made.lines('old/ct', '366').slice(1), ['light.color_temp[old] 366 mired']);
  assert.deepEqual(made.lines('new/ct', '2732').slice(1), ['light.color_temp[new] 2732 K']);
  assert.deepEqual(made.encode('light', 'ha:old', { color_temp: 2700 }), ['old/ct/set 370']);
  assert.deepEqual(made.encode('light', 'ha:new', { color_temp: 2700 }), ['new/ct/set 2700']);
});

test('the abbreviated temperature unit of an ESPHome climate gives its temperatures a word', () => {
  const made = bench(esphome);
  const topics = { curr_temp_t: 'hall/current', temp_stat_t: 'hall/target', temp_cmd_t: 'hall/set' };
  made.teach('homeassistant/climate/hall/config', { ...topics, temp_unit: 'C', dev: { ids: 'h' } });
  assert.deepEqual(made.lines('hall/current', '20.5').slice(1), ['temperature[hall] 20.5 C']);
  assert.deepEqual(made.lines('hall/target', '21').slice(1), ['setpoint.heat[hall] 21 C']);
  assert.deepEqual(made.encode('setpoint', 'ha:h', { celsius: 19.5 }), ['hall/set 19.5']);
});

test('a device message brings all its entities and takes them back together', () => {
  const made = bench(esphome);
  made.teach('homeassistant/device/box/config', {
    dev: { ids: ['box'] },
    stat_t: 'box/state',
    cmps: {
      t: { p: 'sensor', dev_cla: 'temperature', unit_of_meas: '°F', val_tpl: '{{ value_json.temp_f }}' },
      b: { p: 'sensor', dev_cla: 'pressure', unit_of_meas: 'inHg', val_tpl: '{{ value_json.baro }}' },
    },
  });
  assert.deepEqual(made.lines('box/state', { temp_f: 57.9, baro: 29.88 }).slice(1), [
    'temperature[t] 57.9 °F',
    'pressure[b] 29.88 inHg',
  ]);
  made.teach('homeassistant/device/box/config', '');
  assert.equal(made.knowledge.size, 0);
});

test('an empty retained discovery forgets the entity and keeps its neighbours', () => {
  const made = house(soil, attic);
  made.teach(soil, '');
  assert.deepEqual(esphome.claims?.(made.knowledge), ['rooms/attic/th']);
  made.teach(attic, '');
  assert.equal(made.knowledge.size, 0);
});

test('a discovery message again, changed, replaces what it said before', () => {
  const made = house(attic);
  made.teach(attic, { ...(configOf(attic) as object), state_topic: 'rooms/loft/th' });
  assert.deepEqual(esphome.claims?.(made.knowledge), ['rooms/loft/th']);
});

test('topics of sources with a codec of their own, wildcards and $SYS are never claimed', () => {
  const made = bench(esphome);
  for (const [at, topic] of [
    'zigbee2mqtt/lamp',
    'tele/plug/SENSOR',
    'a/#',
    '$SYS/x',
    'homeassistant/status',
  ].entries()) {
    made.teach(`homeassistant/sensor/s${at}/config`, { stat_t: topic });
  }
  assert.equal(made.knowledge.size, 0);
});

test('a Zigbee2MQTT device that also announces itself to Home Assistant is no second device', () => {
  const announced = { stat_t: 'zigbee2mqtt/lamp', dev: { ids: ['zigbee2mqtt_0x01'] }, uniq_id: 'x' };
  assert.deepEqual(bench(esphome).readings('homeassistant/sensor/0x01/linkquality/config', announced), []);
});

test('log lines, births and commands are nothing; before discovery nothing is claimed', () => {
  const made = bench(esphome);
  assert.deepEqual(made.readings('greenhouse/debug', '\u001B[0;36m[D][sensor:094]: 14.6 °C\u001B[0m'), []);
  assert.deepEqual(made.readings('homeassistant/status', 'online'), []);
  assert.deepEqual(made.readings('greenhouse/switch/pump/command', 'ON'), []);
  assert.deepEqual(made.lines('greenhouse/sensor/soil/state', '14.6'), [
    'ha:greenhouse telemetry',
    'x.ha.sensor.soil 14.6',
  ]);
  assert.deepEqual(made.lines('greenhouse/status', 'online'), ['ha:greenhouse availability', 'availability true']);
});

test('what a cover or a number did is shown on its own state topic', () => {
  const made = bench(esphome);
  const cover = { stat_t: 'blind/state', cmd_t: 'blind/set', set_pos_t: 'blind/position', dev: { ids: 'b' } };
  made.teach('homeassistant/cover/blind/config', cover);
  made.teach('homeassistant/number/speed/config', { ...cover, stat_t: 'speed/state', cmd_t: 'speed/set' });
  assert.deepEqual(made.proof('cover', 'ha:b', { do: 'open' }), { answer: { topic: 'blind/state' } });
  assert.equal(made.proof('cover', 'ha:b', { position: 5 }), undefined);
  assert.deepEqual(made.proof('number', 'ha:b', { value: 3 }), { answer: { topic: 'speed/state' } });
});
