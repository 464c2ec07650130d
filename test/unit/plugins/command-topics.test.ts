import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../../gateway/config/parse-config.ts';
import { matchesFilter } from '../../../gateway/lib/topic-filter.ts';
import esphome from '../../../plugins/esphome/index.ts';
import genericJson from '../../../plugins/generic-json/index.ts';
import shelly from '../../../plugins/shelly/index.ts';
import tasmota from '../../../plugins/tasmota/index.ts';
import zigbee2mqtt from '../../../plugins/zigbee2mqtt/index.ts';
import { bench } from './codec-bench.ts';

const { actuationTopics } = parseConfig('dataDir: /d', 'f').mqtt;
const isCommand = (topic: string): boolean => actuationTopics.some((filter) => matchesFilter(filter, topic));
const topicOf = (line: string): string => line.slice(0, line.indexOf(' '));

test('wherever a shipped plugin tells a device something, the retained flag is stripped', () => {
  const [house, made, older] = [bench(tasmota), bench(esphome), bench(shelly)];
  const config = { t: 'laundry', ft: '%topic%/%prefix%/', mac: '0A1B2C3D4E5F', tp: ['cmnd', 'stat', 'tele'] };
  house.teach('tasmota/discovery/0A1B2C3D4E5F/config', config);
  const pump = { stat_t: 'node/switch/pump/state', cmd_t: 'node/switch/pump/command', dev: { ids: 'n' } };
  made.teach('homeassistant/switch/node/pump/config', pump);
  const told = [
    ...house.encode('switch', 'tasmota:0A1B2C3D4E5F', { on: true }),
    ...house.encode('set', 'tasmota:plug', { command: 'POWER', payload: 'TOGGLE' }),
    ...bench(zigbee2mqtt).encode('switch', 'z2m:floor2/office/desk_plug', { on: true }),
    ...older.encode('switch', 'shelly:shellyplug-s-7A11F0', { on: true }),
    ...older.encode('light', 'shelly:shellydimmer2-D0011E', { on: true }),
    ...older.encode('cover', 'shelly:shellyswitch25-9911CE', { position: 40 }),
    ...older.encode('setpoint', 'shelly:shellytrv-60A423', { celsius: 20 }),
    ...older.encode('switch', 'shelly:shellyplus1pm-a8032ab71c44', { on: true }),
    ...made.encode('switch', 'ha:n', { on: true }),
    ...bench(genericJson).encode('set', 'json:shed', {}),
  ].map(topicOf);
  assert.equal(told.length, 10);
  assert.deepEqual(
    told.filter((topic) => !isCommand(topic)),
    [],
  );
});

test('what devices retain of themselves stays retained', () => {
  const retained = [
    'zigbee2mqtt/floor2/office/desk_plug',
    'zigbee2mqtt/bridge/devices',
    'tasmota/discovery/0A1B2C3D4E5F/config',
    'tele/plug/LWT',
    'shellies/shellyplug-s-7A11F0/relay/0',
    'shellyplus1pm-a8032ab71c44/online',
    'homeassistant/switch/node/pump/config',
    'node/switch/pump/state',
    'devices/shed/state',
  ];
  assert.deepEqual(retained.filter(isCommand), []);
});
