import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { modbusFrame, PortcullisError } from '../../contracts/index.ts';
import { bench, envelope, samples } from '../../test/unit/plugins/codec-bench.ts';
import modbusRtu from './index.ts';
import { blocksOf } from './plan.ts';
import { registerMap, widths } from './register-map.ts';
import { sdm120, sdm630 } from './maps/eastron.ts';
import { pzem } from './maps/pzem.ts';
import { relays8 } from './maps/relays.ts';

const settings = {
  devices: {
    boiler: { port: 'meters', unit: 1, map: 'pzem-004t' },
    solar: { port: 'meters', unit: 2, map: 'sdm120' },
    air: { port: 'meters', unit: 3, map: 'xy-md02' },
    relays: { port: 'meters', unit: 4, map: 'relays-8' },
  },
  maps: {
    'xy-md02': {
      source: 'XY-MD02 manual, input registers',
      most: 2,
      points: [
        {
          name: 't',
          table: 'input',
          at: 1,
          as: 'int16',
          scale: 0.1,
          word: 'temperature',
          unit: '°C',
          sentinel: 0x7fff,
        },
        { name: 'rh', table: 'input', at: 2, as: 'uint16', scale: 0.1, word: 'humidity', unit: '%' },
      ],
    },
  },
};
const made = bench(modbusRtu, settings);
const heard = (note: string): Uint8Array => {
  const { payload } = samples('modbus_rtu').find((sample) => sample.note.startsWith(note)) ?? {};
  return Uint8Array.from(Buffer.from((payload as { hex: string }).hex.replaceAll(' ', ''), 'hex'));
};
const code = (wanted: string) => (error: unknown) => error instanceof PortcullisError && error.code === wanted;

test('a frame of a real PZEM-004T is what its display shows', () => {
  assert.deepEqual(made.lines('serial/meters/1/4/0/10', heard('PZEM: V=225.7')), [
    'modbus:boiler telemetry',
    'voltage 225.7 V',
    'current 0.108 A',
    'power.active 24.4 W',
    'energy.import 38 Wh',
    'frequency 50 Hz',
    'power_factor 1 /',
    'overload false',
  ]);
});

test('a number of an SDM120 keeps its sign: export is negative', () => {
  assert.deepEqual(made.lines('serial/meters/2/4/12/2', heard('SDM120 active power')), [
    'modbus:solar telemetry',
    'power.active -742.5 W',
  ]);
});

test('a make of the site is a table of its own, and a sentinel is no value', () => {
  assert.deepEqual(made.lines('serial/meters/3/4/1/2', heard('30.5')), [
    'modbus:air telemetry',
    'temperature 30.5 °C',
    'humidity 54.6 %',
  ]);
  const noProbe = modbusFrame([3, 4, 4, 0x7f, 0xff, 0, 0]);
  assert.match(made.lines('serial/meters/3/4/1/2', noProbe)[1] ?? '', /^temperature sentinel/);
});

test('exceptions, wrong CRCs, other stations and other transports are refused', () => {
  const topic = 'serial/meters/3/4/1/2';
  for (const payload of [heard('exception'), heard('CRC broken'), modbusFrame([9, 4, 4, 0, 0, 0, 0])]) {
    assert.throws(() => made.readings(topic, payload), code('DECODE_FAILED'));
  }
  const context = { config: modbusRtu.config.parse(settings), knowledge: new Map() };
  const overMqtt = { ...envelope(topic, heard('30.5')), transport: 'mqtt' } as const;
  assert.throws(() => modbusRtu.decode(overMqtt, context), code('DECODE_FAILED'));
});

test('whatever a station answers with a right CRC is read within bounds or refused', () => {
  const topics = ['serial/meters/1/4/0/10', 'serial/meters/2/4/0/32', 'serial/meters/4/1/0/8', 'serial/meters/4/5/0/1'];
  fc.assert(
    fc.property(fc.constantFrom(...topics), fc.nat(255), fc.uint8Array({ maxLength: 250 }), (topic, count, data) => {
      const [, , unit, fn] = topic.split('/').map(Number);
      for (const bytes of [count, data.length]) {
        try {
          made.readings(topic, modbusFrame([unit ?? 0, fn ?? 0, bytes, ...data]));
        } catch (error) {
          assert.ok(code('DECODE_FAILED')(error));
        }
      }
    }),
  );
});

test('every value of every map stands whole in one question, and no question is longer than the device allows', () => {
  for (const map of [sdm120(), sdm630(), pzem(), relays8()]) {
    registerMap.parse(map);
    const blocks = blocksOf(map);
    for (const { count } of blocks) assert.ok(count <= map.most);
    for (const { name, table, at, as } of map.points) {
      const holders = blocks.filter((b) => b.table === table && at >= b.at && at + widths[as] <= b.at + b.count);
      assert.equal(holders.length, 1, name);
    }
  }
  const [first] = modbusRtu.polls?.(modbusRtu.config.parse(settings)) ?? [];
  assert.equal(first?.topic, 'serial/meters/1/3/1/1');
});

test('outputs are written with the function that fits, within their limits', () => {
  assert.deepEqual(made.encode('switch', 'modbus:relays', { on: true, ep: '3' }), [
    `serial/meters/4/5/2/1 ${Buffer.from(modbusFrame([4, 5, 0, 2, 0xff, 0])).toString('hex')}`,
  ]);
  assert.deepEqual(made.encode('set', 'modbus:boiler', { point: 'alarm_threshold', value: 3000 }), [
    `serial/meters/1/6/1/1 ${Buffer.from(modbusFrame([1, 6, 0, 1, 0x0b, 0xb8])).toString('hex')}`,
  ]);
  for (const [device, point, value] of [
    ['modbus:boiler', 'alarm_threshold', 25_001],
    ['modbus:boiler', 'voltage', 1],
    ['modbus:nobody', 'voltage', 1],
  ] as const) {
    assert.throws(() => made.encode('set', device, { point, value }), code('COMMAND_INVALID'));
  }
});

test('a written register is proved by its value when it is read again', () => {
  const proof = made.proof('set', 'modbus:boiler', { point: 'alarm_threshold', value: 3000 });
  assert.deepEqual(proof?.state, [{ n: 'x.modbus.alarm_threshold', value: 3000, within: 15 }]);
});

test('a configuration with two devices in one place, or without its map, is refused', () => {
  const device = { port: 'meters', unit: 1, map: 'sdm120' };
  assert.equal(modbusRtu.config.safeParse({ devices: { a: device, b: device } }).success, false);
  assert.equal(modbusRtu.config.safeParse({ devices: { a: { ...device, map: 'constructor' } } }).success, false);
});
