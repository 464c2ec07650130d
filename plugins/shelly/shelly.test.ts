import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench } from '../../test/unit/plugins/codec-bench.ts';
import shelly from './index.ts';

const plug = 'shellies/shellyplug-s-7A11F0';
const plus = 'shellyplus1pm-a8032ab71c44';

test('a Gen1 relay counter is in watt-minutes', () => {
  assert.deepEqual(bench(shelly).readings(`${plug}/relay/0/energy`, '61244'), [
    {
      device: 'shelly:shellyplug-s-7A11F0',
      kind: 'telemetry',
      metrics: [
        {
          n: 'energy.import',
          key: 'relay.0.energy',
          value: 61244,
          unit: 'W·min',
          counter: 'total_increasing',
          ep: '0',
        },
      ],
    },
  ]);
});

test('a Gen1 meter reports its energy once: total in Wh, not the watt-minutes beside it', () => {
  const lines = ['energy', 'returned_energy', 'total', 'total_returned'].flatMap((leaf) =>
    bench(shelly).lines(`shellies/shellyem-B90C44/emeter/0/${leaf}`, '10.5').slice(1),
  );
  assert.deepEqual(lines, [
    'x.shelly.emeter.0.energy[0] 10.5 W·min',
    'x.shelly.emeter.0.returned_energy[0] 10.5 W·min',
    'energy.import[0] 10.5 Wh',
    'energy.export[0] 10.5 Wh',
  ]);
});

test('Gen1 sentinels are no values', () => {
  const lines = (leaf: string, payload: string): readonly string[] =>
    bench(shelly).lines(`shellies/shellyht-5E0A19/${leaf}`, payload).slice(1);
  assert.deepEqual(lines('sensor/temperature', '999'), ['temperature sentinel(999) °C']);
  assert.deepEqual(lines('sensor/humidity', '999'), ['humidity sentinel(999) %']);
  assert.deepEqual(lines('sensor/tilt', '-1'), ['tilt sentinel(-1) °']);
  assert.deepEqual(lines('roller/0/pos', '-1'), ['position[0] sentinel(-1) %']);
  assert.deepEqual(lines('sensor/state', 'unknown'), ['contact sentinel(unknown)']);
  assert.deepEqual(lines('sensor/state', 'open'), ['contact true']);
  assert.deepEqual(lines('sensor/state', 'close'), ['contact false']);
});

test('a text where a number is measured is kept without the word', () => {
  assert.deepEqual(bench(shelly).lines(`${plug}/relay/0/power`, 'null').slice(1), ['x.shelly.relay.0.power[0] null W']);
});

test('the same temperature in Fahrenheit never becomes a second metric', () => {
  assert.deepEqual(bench(shelly).readings(`${plug}/temperature_f`, '88.92'), []);
  const [info] = bench(shelly).readings(`${plug}/info`, { temperature: 31.62, tmp: { tC: 31.62, tF: 88.92 } });
  assert.deepEqual(
    info?.metrics.map(({ n }) => n),
    ['temperature.device'],
  );
  assert.equal(info?.meta?.['tmp.tF'], 88.92);
});

test('info of a battery sensor gives the room temperature, as its topic does', () => {
  const sensor = 'shellies/shellyht-5E0A19';
  const info = { tmp: { value: 21.9, units: 'C', tC: 21.9, tF: 71.4 }, hum: { value: 52.5 }, bat: { value: 79 } };
  assert.ok(bench(shelly).lines(`${sensor}/info`, info).includes('temperature 21.9 °C'));
  assert.ok(bench(shelly).lines(`${sensor}/sensor/temperature`, '21.9').includes('temperature 21.9 °C'));
});

test('the local epoch of a Gen1 meter is no source time, unixtime is', () => {
  const [info] = bench(shelly).readings(`${plug}/info`, { unixtime: 1741108921, meters: [{ timestamp: 1741112521 }] });
  assert.deepEqual(info?.at, { utcMs: 1741108921000 });
  assert.equal(info?.meta?.['meters.0.timestamp'], 1741112521);
});

test('a press of a Gen1 input is an event', () => {
  assert.deepEqual(bench(shelly).lines('shellies/shellyix3-70F3B8/input_event/0', { event: 'SS', event_cnt: 41 }), [
    'shelly:shellyix3-70F3B8 event',
    'action[0] SS',
    'x.shelly.event_cnt[0] 41',
  ]);
});

test('a gas alarm keeps its degree and a self test raises none', () => {
  const gas = 'shellies/shellygas-44A0D1/sensor/gas';
  assert.deepEqual(bench(shelly).lines(gas, 'mild').slice(1), ['gas true', 'x.shelly.sensor.gas mild']);
  assert.deepEqual(bench(shelly).lines(gas, 'none').slice(1), ['gas false', 'x.shelly.sensor.gas none']);
  assert.deepEqual(bench(shelly).lines(gas, 'test').slice(1), ['x.shelly.sensor.gas test']);
});

test('a Gen2 notification is a partial overlay at a float of seconds', () => {
  const frame = {
    src: plus,
    dst: `${plus}/events`,
    method: 'NotifyStatus',
    params: { ts: 1741108936.41, 'switch:0': { id: 0, apower: 88.3, current: 0.413 } },
  };
  const [reading] = bench(shelly).readings(`${plus}/events/rpc`, frame);
  assert.deepEqual(reading?.at, { utcMs: 1741108936410 });
  assert.deepEqual(bench(shelly).lines(`${plus}/events/rpc`, frame), [
    `shelly:${plus} telemetry`,
    'power.active[0] 88.3 W',
    'current[0] 0.413 A',
  ]);
});

test('status and notification give the same metric', () => {
  const body = { id: 0, apower: 88.3 };
  const params = { ts: 1741108936.41, 'switch:0': body };
  const notified = bench(shelly).readings(`${plus}/events/rpc`, { src: plus, params });
  const status = bench(shelly).readings(`${plus}/status/switch:0`, body);
  assert.deepEqual(status[0]?.metrics, notified[0]?.metrics);
  assert.equal(status[0]?.device, notified[0]?.device);
});

test('by_minute is mWh and not the energy; tF is not a second temperature', () => {
  const [reading] = bench(shelly).readings(`${plus}/status/switch:0`, {
    id: 0,
    aenergy: { total: 1020.744, by_minute: [1471.2], minute_ts: 1741108980 },
    temperature: { tC: 41.2, tF: 106.2 },
  });
  assert.deepEqual(
    reading?.metrics.map(({ n, value, unit }) => [n, value, unit]),
    [
      ['energy.import', 1020.744, 'Wh'],
      ['x.shelly.switch:0.aenergy.by_minute.0', 1471.2, 'mWh'],
      ['temperature.device', 41.2, '°C'],
    ],
  );
  assert.deepEqual(reading?.meta, { 'switch:0.aenergy.minute_ts': 1741108980, 'switch:0.temperature.tF': 106.2 });
});

test('phases are endpoints and the sums of the meter have none', () => {
  const params = {
    ts: 1741108941.2,
    'em:0': { id: 0, a_voltage: 230.7, b_act_power: -51.8, n_current: null, total_act_power: 350.8 },
  };
  assert.deepEqual(bench(shelly).lines('shellypro3em-1/events/rpc', { src: 'shellypro3em-1', params }), [
    'shelly:shellypro3em-1 telemetry',
    'voltage[a] 230.7 V',
    'power.active[b] -51.8 W',
    'current[n] sentinel(null) A',
    'power.active 350.8 W',
  ]);
});

test('a configured prefix with slashes leads to the device that its notifications name', () => {
  const house = bench(shelly);
  house.teach('flat/2/kitchen/events/rpc', { src: plus, params: { ts: 1, 'switch:0': { id: 0 } } });
  assert.deepEqual(house.lines('flat/2/kitchen/online', 'false'), [
    `shelly:${plus} availability`,
    'availability false',
  ]);
  assert.deepEqual(shelly.claims?.(house.knowledge), ['flat/2/kitchen/online', 'flat/2/kitchen/status/switch:0']);
  const [sent] = house.encode('switch', `shelly:${plus}`, { on: true });
  assert.match(
    sent ?? '',
    /^flat\/2\/kitchen\/rpc \{"id":\d+,"src":"portcullis","method":"Switch.Set","params":\{"id":0,"on":true\}\}$/,
  );
});

test('a Gen2 prefix below shellies/ is not taken for a Gen1 device', () => {
  const house = bench(shelly);
  const prefix = 'shellies/kitchen';
  const frame = { src: plus, method: 'NotifyStatus', params: { ts: 1741108936, 'switch:0': { id: 0, apower: 5 } } };
  house.teach(`${prefix}/events/rpc`, frame);
  const metric = [`shelly:${plus} telemetry`, 'power.active[0] 5 W'];
  assert.deepEqual(house.lines(`${prefix}/events/rpc`, frame), metric);
  assert.deepEqual(house.lines(`${prefix}/status/switch:0`, { id: 0, apower: 5 }), metric);
  assert.deepEqual(house.lines(`${prefix}/online`, 'true'), [`shelly:${plus} availability`, 'availability true']);
  assert.deepEqual(house.lines(`${plug}/online`, 'true'), [
    'shelly:shellyplug-s-7A11F0 availability',
    'availability true',
  ]);
});

test('a Gen2 press is an event with its own time', () => {
  const params = { ts: 1741109012, events: [{ component: 'input:0', id: 0, event: 'single_push', ts: 1741109011.07 }] };
  const frame = { src: 'shellyplusi4-1', method: 'NotifyEvent', params };
  const [reading] = bench(shelly).readings('shellyplusi4-1/events/rpc', frame);
  assert.equal(reading?.kind, 'event');
  assert.deepEqual(reading?.at, { utcMs: 1741109011070 });
  assert.deepEqual(reading?.metrics, [{ n: 'action', key: 'event', value: 'single_push', ep: '0' }]);
});

test('a notification, an announcement and a status are of the device whose topic they come by', () => {
  const house = bench(shelly);
  house.teach(`${plus}/events/rpc`, { src: plus, params: { ts: 1 } });
  assert.throws(() => house.readings('thief/events/rpc', { src: plus, params: { ts: 1, 'switch:0': { id: 0 } } }), {
    code: 'DECODE_FAILED',
  });
  assert.throws(() => house.teach('shellies/announce', { id: plus }), { code: 'DECODE_FAILED' });
  const [announced] = house.readings(`${plug}/announce`, { id: 'shelly1-AABBCC', model: 'SHPLG-S' });
  assert.equal(announced?.device, 'shelly:shellyplug-s-7A11F0');
  // Who was behind a prefix is not, once the device speaks elsewhere.
  house.teach('old/events/rpc', { src: plus, params: { ts: 1 } });
  house.teach(`${plus}/events/rpc`, { src: plus, params: { ts: 1 } });
  assert.equal(house.readings('old/online', 'true')[0]?.device, 'shelly:old');
  assert.deepEqual(house.readings('a/b/rpc', { id: 1, src: plus }), []);
});

test('answers to commands are events of the device that answered, requests are nothing', () => {
  assert.deepEqual(
    bench(shelly).lines('gw/rpc', { id: 72, src: plus, dst: 'gw', error: { code: -105, message: 'no' } }),
    [`shelly:${plus} event`, 'x.shelly.rpc.error.code -105', 'x.shelly.rpc.error.message no'],
  );
  assert.deepEqual(bench(shelly).lines(`${plus}/rpc`, { id: 1, src: 'gw', method: 'Switch.Set', params: {} }), []);
});

test('commands speak the language of the generation', () => {
  const house = bench(shelly);
  assert.deepEqual(house.encode('switch', 'shelly:shellyplug-s-7A11F0', { on: false }), [
    `${plug}/relay/0/command off`,
  ]);
  assert.deepEqual(house.encode('cover', 'shelly:shellyswitch25-9911CE', { position: 40 }), [
    'shellies/shellyswitch25-9911CE/roller/0/command/pos 40',
  ]);
  const [cover] = house.encode('cover', `shelly:${plus}`, { do: 'stop' });
  assert.match(cover ?? '', /"method":"Cover.Stop","params":\{"id":0\}/);
  assert.deepEqual(house.encode('light', 'shelly:shellydimmer2-D0011E', { on: true, brightness: 42 }), [
    'shellies/shellydimmer2-D0011E/light/0/set {"turn":"on","brightness":42}',
  ]);
  assert.throws(() => house.encode('switch', 'shelly:a/#', { on: true }), { code: 'COMMAND_INVALID' });
});

test('a call is answered with its id, or with an error; an older device shows its state alone', () => {
  const house = bench(shelly);
  const [sent = ''] = house.encode('switch', `shelly:${plus}`, { on: true });
  const { id } = JSON.parse(sent.slice(sent.indexOf('{'))) as { id: number };
  const proof = house.proof('switch', `shelly:${plus}`, { on: true });
  assert.deepEqual(proof, { answer: { meta: ['rpc.id', id] }, refusal: 'x.shelly.rpc.error' });
  const [answer] = house.readings('portcullis/rpc', { id, src: plus, dst: 'portcullis', error: { code: -103 } });
  assert.equal(answer?.meta?.['rpc.id'], id);
  assert.ok(answer?.metrics[0]?.n.startsWith('x.shelly.rpc.error'));
  assert.equal(house.proof('switch', 'shelly:shellyplug-s-7A11F0', { on: false }), undefined);
});
