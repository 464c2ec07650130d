import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readZigbee2Mqtt } from '../../../gateway/registry/zigbee2mqtt-files.ts';
import { inMemory } from './registry-fixture.ts';

const configuration = `
homeassistant: true
mqtt: { base_topic: zigbee, server: mqtt://10.0.0.2, user: bridge, password: CANARY }
devices:
  '0x00158D0001D82999': { friendly_name: kitchen/lamp, retain: true }
  '0x000d6ffffee405eb': { friendly_name: 42 }
  '0x00158d00025ef301': { friendly_name: '0x00158d00025ef301' }
  bulb: { friendly_name: none }
`;

test('a configuration gives addresses and names, and nothing of its secrets', () => {
  const site = readZigbee2Mqtt(configuration);
  assert.deepEqual(site.devices, [
    { id: 'z2m:0x00158d0001d82999', name: 'kitchen/lamp' },
    { id: 'z2m:0x000d6ffffee405eb', name: '42' },
    { id: 'z2m:0x00158d00025ef301' },
  ]);
  assert.deepEqual(site.notes, [
    'Its base topic is zigbee: set plugins.config.zigbee2mqtt.base to it.',
    'bulb is left out: that is no address.',
  ]);
  assert.ok(!JSON.stringify(site).includes('CANARY'));
});

test('a file of devices, a database and a list of the bridge are told apart', () => {
  const id = 'z2m:0x00158d0001d82999';
  assert.deepEqual(readZigbee2Mqtt("'0x00158d0001d82999':\n  friendly_name: lamp\n").devices, [{ id, name: 'lamp' }]);
  const database = [
    '{"id":1,"type":"Coordinator","ieeeAddr":"0x00124b001d04db08"}',
    '{"id":2,"type":"Router","ieeeAddr":"0x00158d0001d82999","modelId":"x"}',
    '{"id":3,"type":"Group","groupID":1}',
  ].join('\n');
  assert.deepEqual(readZigbee2Mqtt(database).devices, [{ id }]);
  const bridge = [
    { ieee_address: '0x00124b001d04db08', type: 'Coordinator', friendly_name: 'Coordinator' },
    { ieee_address: '0x00158d0001d82999', type: 'EndDevice', friendly_name: 'lamp' },
  ];
  assert.deepEqual(readZigbee2Mqtt(JSON.stringify(bridge)).devices, [{ id, name: 'lamp' }]);
});

test('what is none of them is refused in a sentence', () => {
  const refused = (text: string, message: RegExp): void =>
    assert.throws(() => readZigbee2Mqtt(text), { code: 'COMMAND_INVALID', message });
  refused('devices: devices.yaml', /in devices\.yaml\. Bring that file in/);
  refused('', /no configuration/);
  refused('a: &a [1]\ndevices: *a', /no file of Zigbee2MQTT/);
  refused('mqtt: {}', /no device/);
  refused('[1', /no JSON/);
  refused('['.repeat(200_000), /no JSON|no list/);
  refused(`a: ${'['.repeat(3_000)}`, /no file of Zigbee2MQTT/);
  refused('x'.repeat(600_000), /at most/);
});

test('a dry run shows each device and changes nothing; the second time there is nothing to do', async () => {
  const { registry, entries } = await inMemory();
  await registry.register({ id: 'z2m:0x000d6ffffee405eb', name: 'Old name', tags: [] });
  const { devices } = readZigbee2Mqtt(configuration);
  const before = entries.length;
  const tried = await registry.takeOver(devices, true);
  assert.deepEqual(
    tried.devices.map(({ name, is }) => [name, is]),
    [
      ['kitchen/lamp', 'new'],
      ['42', 'changed'],
      ['z2m:0x00158d00025ef301', 'new'],
    ],
  );
  assert.equal(entries.length, before);
  assert.equal(registry.find('z2m:0x00158d0001d82999'), undefined);
  assert.deepEqual(await registry.takeOver(devices, false), tried);
  assert.equal(registry.find('z2m:0x00158d0001d82999')?.name, 'kitchen/lamp');
  assert.equal((await registry.takeOver(devices, false)).unchanged, 3);
});
