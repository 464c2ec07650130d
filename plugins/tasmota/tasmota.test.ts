import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, samples } from '../../test/unit/plugins/codec-bench.ts';
import tasmota from './index.ts';

const discovery = samples('tasmota').find(({ topic }) => topic.endsWith('/config'));

test('the STATE message tells the output apart from how the node does', () => {
  assert.deepEqual(
    bench(tasmota).lines('tele/laundry/STATE', {
      Time: '2025-03-04T18:20:00',
      UptimeSec: 967867,
      POWER: 'ON',
      Wifi: { RSSI: 74, Signal: -63 },
    }),
    [
      'tasmota:laundry state',
      'switch.state true',
      'tasmota:laundry health',
      'uptime 967867 s',
      'signal.quality 74 %',
      'signal.rssi -63 dBm',
    ],
  );
});

test('lists of a three-phase meter become endpoints, scalars stay whole', () => {
  const energy = { Total: 5120.331, Power: [204, 811], Frequency: 50 };
  assert.deepEqual(bench(tasmota).readings('tele/panel/SENSOR', { Time: '2025-03-04T18:20:05', ENERGY: energy }), [
    {
      device: 'tasmota:panel',
      kind: 'telemetry',
      at: { localMs: Date.UTC(2025, 2, 4, 18, 20, 5) },
      metrics: [
        { n: 'energy.import', key: 'ENERGY.Total', value: 5120.331, unit: 'kWh', counter: 'total_increasing' },
        { n: 'power.active', key: 'ENERGY.Power.0', value: 204, unit: 'W', ep: '0' },
        { n: 'power.active', key: 'ENERGY.Power.1', value: 811, unit: 'W', ep: '1' },
        { n: 'frequency', key: 'ENERGY.Frequency', value: 50, unit: 'Hz' },
      ],
    },
  ]);
});

test('times: no zone is local, the old dotted form is read, 1970 is no time', () => {
  const at = (Time: string): unknown => bench(tasmota).readings('tele/a/SENSOR', { Time, Switch1: 'ON' })[0]?.at;
  const localMs = Date.UTC(2025, 2, 4, 18, 20);
  assert.deepEqual(at('2025-03-04T18:20:00'), { localMs });
  assert.deepEqual(at('2025.03.04 18:20:00'), { localMs });
  assert.deepEqual(at('2025-03-04T18:20:00+01:00'), { utcMs: localMs - 3_600_000 });
  assert.equal(at('1970-01-01T00:00:21'), undefined);
  const [reading] = bench(tasmota).readings('tele/a/SENSOR', { Time: '1970-01-01T00:00:21', Switch1: 'ON' });
  assert.deepEqual(reading?.meta, { Time: '1970-01-01T00:00:21' });
});

test('the unit of temperature and pressure stands at the root', () => {
  const body = { BME280: { Temperature: 70.1, Pressure: 29.9 }, TempUnit: 'F', PressureUnit: 'inHg' };
  assert.deepEqual(bench(tasmota).lines('tele/a/SENSOR', body).slice(1), [
    'temperature[BME280] 70.1 F',
    'pressure[BME280] 29.9 inHg',
  ]);
  assert.deepEqual(
    bench(tasmota)
      .lines('tele/a/SENSOR', { BME280: { Temperature: 70.1 } })
      .slice(1),
    ['x.tasmota.BME280.Temperature[BME280] 70.1'],
    'without it nothing is claimed',
  );
});

test('a DS18B20 is known by its Id, not by its place on the bus', () => {
  const body = { 'DS18B20-1': { Id: '0316A2794FEE', Temperature: 61.9 }, TempUnit: 'C' };
  assert.deepEqual(bench(tasmota).lines('tele/boiler/SENSOR', body).slice(1), ['temperature[0316A2794FEE] 61.9 C']);
});

test('null from a broken sensor is no value', () => {
  const body = { DHT11: { Temperature: null, Humidity: null }, TempUnit: 'C' };
  assert.deepEqual(bench(tasmota).lines('tele/broken/SENSOR', body), [
    'tasmota:broken telemetry',
    'temperature[DHT11] sentinel(null) C',
    'humidity[DHT11] sentinel(null) %',
  ]);
});

test('RESULT and POWER say the same, as STATUS10 and SENSOR do', () => {
  const house = bench(tasmota);
  const twin = house.readings('stat/laundry/POWER1', 'OFF');
  assert.deepEqual(house.readings('stat/laundry/RESULT', { POWER1: 'OFF' }), twin);
  const body = { Time: '2025-03-04T18:20:31', ENERGY: { Power: 3 } };
  assert.deepEqual(
    house.readings('stat/laundry/STATUS10', { StatusSNS: body }),
    house.readings('tele/laundry/SENSOR', body),
  );
  assert.deepEqual(house.lines('stat/laundry/STATUS10', { StatusSNS: { ENERGY: { Power: 3 } }, Note: null }).slice(1), [
    'x.tasmota.StatusSNS.ENERGY.Power 3',
    'x.tasmota.Note sentinel(null)',
  ]);
});

test('discovery gives the MAC, the words and the topics; an empty payload takes them back', () => {
  const house = bench(tasmota);
  house.teach('tasmota/discovery/0A1B2C3D4E5F/config', {
    ...(discovery?.payload as object),
    ft: '%topic%/%prefix%/',
    onln: 'Here',
    ofln: 'Gone',
    state: ['AUS', 'AN', 'UM', 'HALT'],
  });
  assert.deepEqual(house.lines('laundry/tele/LWT', 'Gone'), [
    'tasmota:0A1B2C3D4E5F availability',
    'availability false',
  ]);
  assert.deepEqual(house.lines('laundry/stat/POWER', 'AN'), ['tasmota:0A1B2C3D4E5F state', 'switch.state true']);
  assert.ok(tasmota.claims?.(house.knowledge).includes('laundry/tele/SENSOR'));
  assert.deepEqual(house.encode('switch', 'tasmota:0A1B2C3D4E5F', { on: true, ep: '2' }), ['laundry/cmnd/POWER2 AN']);
  house.teach('tasmota/discovery/0A1B2C3D4E5F/config', '');
  assert.equal(house.knowledge.size, 0);
});

test('a device that moved to another topic leaves nothing behind', () => {
  const house = bench(tasmota);
  const config = discovery?.payload as object;
  house.teach('tasmota/discovery/0A1B2C3D4E5F/config', config);
  house.teach('tasmota/discovery/0A1B2C3D4E5F/config', { ...config, t: 'bath' });
  assert.deepEqual([...house.knowledge.keys()].sort(), ['d:0A1B2C3D4E5F', 't:stat/bath', 't:tele/bath']);
});

test('boot messages and discovery are registrations, log lines are nothing', () => {
  const house = bench(tasmota);
  assert.deepEqual(house.lines('tele/laundry/INFO1', { Info1: { Module: 'Plug' } }), ['tasmota:laundry registration']);
  assert.deepEqual(house.readings('stat/laundry/LOGGING', '18:20:00 MQT: tele/…'), []);
  assert.deepEqual(house.readings('tele/laundry/LWT', ''), []);
});

test('a press is an event', () => {
  assert.deepEqual(bench(tasmota).lines('stat/panel/RESULT', { Button1: { Action: 'DOUBLE' } }), [
    'tasmota:panel event',
    'action[Button1] DOUBLE',
  ]);
});

test('commands go to the command topic', () => {
  const house = bench(tasmota);
  assert.deepEqual(house.encode('light', 'tasmota:lamp', { on: true, brightness: 42, color_temp: 2700 }), [
    'cmnd/lamp/Dimmer 42',
    'cmnd/lamp/CT 370',
    'cmnd/lamp/POWER ON',
  ]);
  assert.deepEqual(house.encode('cover', 'tasmota:blind', { position: 30, ep: '1' }), [
    'cmnd/blind/ShutterPosition1 30',
  ]);
  assert.deepEqual(house.encode('set', 'tasmota:plug', { command: 'TelePeriod', payload: '60' }), [
    'cmnd/plug/TelePeriod 60',
  ]);
  assert.throws(() => house.encode('switch', 'tasmota:a/+', { on: true }), { code: 'COMMAND_INVALID' });
});

test('the answer to a command comes below stat, and one that is not understood is refused there', () => {
  const house = bench(tasmota);
  const refusal = 'x.tasmota.Command';
  assert.deepEqual(house.proof('set', 'tasmota:plug', { command: 'POWER', payload: 'TOGGLE' }), {
    answer: { topic: 'stat/plug/' },
    refusal,
  });
  assert.deepEqual(house.proof('switch', 'tasmota:plug', { on: true }), { refusal });
  assert.ok(house.lines('stat/plug/RESULT', { Command: 'Unknown' }).includes(`${refusal} Unknown`));
});
