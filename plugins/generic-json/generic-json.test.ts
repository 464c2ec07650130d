import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Scalar } from '../../contracts/message.ts';
import type { Json } from '../../contracts/plugin.ts';
import { bench, envelope } from '../../test/unit/plugins/codec-bench.ts';
import genericJson from './index.ts';

const topic = 'devices/shed/telemetry';

test('a unit beside the value makes a word, and without unit nothing is claimed', () => {
  assert.deepEqual(
    bench(genericJson).lines(topic, {
      temperature: { value: 21.5, unit: '°C' },
      humidity: 40,
      humidity_unit: '%',
      voltage: 3,
    }),
    ['json:client-1 telemetry', 'temperature 21.5 °C', 'humidity 40 %', 'x.json.voltage 3'],
  );
});

test('units at the end of a name are read, and the second spelling of a quantity does not double it', () => {
  assert.deepEqual(bench(genericJson).lines(topic, { temperature_C: 6.4, temperature_F: 43.5, wind_avg_km_h: 10.2 }), [
    'json:client-1 telemetry',
    'temperature 6.4 °C',
    'x.json.temperature_F 43.5 °F',
    'wind.speed 10.2 km/h',
  ]);
});

test('numbers as text count once their unit is known', () => {
  assert.deepEqual(bench(genericJson).lines(topic, { weight: '71.5', weight_unit: 'lb', code: '12' }).slice(1), [
    'weight 71.5 lb',
    'x.json.code 12',
  ]);
});

test('the configuration names fields and their units', () => {
  const fields = { 'outdoor.t': { name: 'temperature', unit: '°F' }, door: { name: 'contact' } };
  assert.deepEqual(
    bench(genericJson, { fields })
      .lines(topic, { outdoor: { t: 57.9 }, door: true })
      .slice(1),
    ['temperature 57.9 °F', 'contact true'],
  );
});

test('an open contact is not guessed from a flag', () => {
  assert.deepEqual(bench(genericJson).lines(topic, { contact: true, smoke: false }).slice(1), [
    'x.json.contact true',
    'smoke false',
  ]);
});

test('times in seconds, milliseconds and ISO 8601 are source time', () => {
  const at = (ts: unknown): unknown => bench(genericJson).readings(topic, { ts, v: 1 })[0]?.at;
  assert.deepEqual(at(1741108936), { utcMs: 1741108936000 });
  assert.deepEqual(at(1741108936110), { utcMs: 1741108936110 });
  assert.deepEqual(at('2025-03-04T17:22:16.110Z'), { utcMs: 1741108936110 });
  assert.deepEqual(at('2025-03-04 18:22:16'), { localMs: 1741112536000 });
  assert.equal(at(21), undefined);
});

test('a SenML pack is read with its base values, the earliest time first', () => {
  const pack = [
    { bn: 'urn:dev:mac:0024befffe804ff1:', bt: 1741108936, bu: 'Cel', n: 'temperature', v: 20.5 },
    { n: 'voltage', u: 'V', v: 3 },
    { n: 'temperature', v: 20.4, t: -60 },
  ];
  assert.deepEqual(bench(genericJson).readings('json/senml', pack), [
    {
      device: 'json:client-1',
      kind: 'telemetry',
      at: { utcMs: 1741108876000 },
      metrics: [{ n: 'temperature', key: 'urn:dev:mac:0024befffe804ff1:temperature', value: 20.4, unit: 'Cel' }],
    },
    {
      device: 'json:client-1',
      kind: 'telemetry',
      at: { utcMs: 1741108936000 },
      metrics: [
        { n: 'temperature', key: 'urn:dev:mac:0024befffe804ff1:temperature', value: 20.5, unit: 'Cel' },
        { n: 'voltage', key: 'urn:dev:mac:0024befffe804ff1:voltage', value: 3, unit: 'V' },
      ],
    },
  ]);
});

test('a SenML time that is relative counts from when the pack came, with its base time, and each has its own word', () => {
  const now = envelope('json/senml', '').receivedAt;
  const of = (...pack: object[]): unknown =>
    bench(genericJson)
      .readings('json/senml', pack)
      .map(({ at, metrics }) => [at, metrics.map(({ n, value }) => `${n} ${String(value)}`).join()]);
  const temperature = { bn: 'x/', n: 'temperature', u: 'Cel' };
  assert.deepEqual(of({ ...temperature, v: 21 }, { ...temperature, v: 20, t: -60 }), [
    [{ utcMs: now - 60_000 }, 'temperature 20'],
    [undefined, 'temperature 21'],
  ]);
  assert.deepEqual(
    of({ ...temperature, bt: -120, v: 1, t: -0.5 }, { ...temperature, v: 2 }, { ...temperature, v: 3, t: 120 }),
    [
      [{ utcMs: now - 120_500 }, 'temperature 1'],
      [{ utcMs: now - 120_000 }, 'temperature 2'],
      [undefined, 'temperature 3'],
    ],
  );
  assert.deepEqual(of({ ...temperature, v: 1, t: 2 ** 28 }, { ...temperature, v: 2, t: 2 ** 28 - 1 }), [
    [{ utcMs: 2 ** 28 * 1000 }, 'temperature 1'],
    [{ utcMs: now + (2 ** 28 - 1) * 1000 }, 'temperature 2'],
  ]);
});

test('nothing of a list of SenML labels is lost, whatever they say', () => {
  const numbers = fc.integer({ min: -1e6, max: 1e6 });
  const any = fc.oneof(numbers, fc.string({ minLength: 1 }), fc.boolean(), fc.constant(null));
  const label = fc.constantFrom('bn', 'bt', 'bu', 'n', 'u', 't', 'ut', 'v', 'vb', 'vs', 's');
  const records = fc.array(fc.dictionary(label, any, { minKeys: 1, noNullPrototype: true }), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(records, (pack) => {
      const readings = bench(genericJson).readings('json/senml', pack);
      const metrics = readings.flatMap((reading) => reading.metrics);
      const said = new Set(metrics.map(({ value, raw }) => value ?? raw));
      const described = new Set(readings.flatMap(({ meta }) => Object.values(meta ?? {})));
      // Of what is no pack every label is a value.
      const isPack = metrics.length < pack.flatMap(Object.keys).length;
      for (const [name, value] of isPack ? pack.flatMap(Object.entries<Json>) : []) {
        if (/^(?:v|vb|vs|s)$/.test(name)) assert.ok(said.has(value as Scalar), name);
        else if (name === 'ut') assert.ok(described.has(value as Scalar), name);
        else assert.equal(typeof value, /^b?t$/.test(name) ? 'number' : 'string', name);
      }
    }),
    { numRuns: 1000 },
  );
});

test('hostile JSON is harmless or refused with a sentence', () => {
  const house = bench(genericJson);
  assert.deepEqual(house.lines(topic, '{"__proto__":{"polluted":1},"big":1e999}').slice(1), [
    'x.json.__proto__.polluted 1',
    'x.json.big unparsed(Infinity)',
  ]);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  const tooDeep = '['.repeat(10_000) + ']'.repeat(10_000);
  const tooMany = JSON.stringify(Array.from({ length: 600 }, (_, at) => at));
  for (const payload of [tooDeep, tooMany, '{"a":', 'text', new Uint8Array([0xff, 0xfe])]) {
    assert.throws(() => house.lines(topic, payload), { code: 'DECODE_FAILED' });
  }
  assert.deepEqual(house.lines(topic, ''), []);
});

test('the device is the client, or the topic where one client speaks for many', () => {
  assert.equal(bench(genericJson).readings(topic, '1')[0]?.device, 'json:client-1');
  assert.equal(bench(genericJson, { identity: 'topic' }).readings(topic, '1')[0]?.device, `json:${topic}`);
});

test('a bare value is the one that its topic names, and two of them on two topics are not one', () => {
  const house = bench(genericJson, { identity: 'topic' });
  const of = (field: string, value: string): unknown =>
    house.lines(`rtl_433/shed/devices/Nexus-TH/2/177/${field}`, value);
  assert.deepEqual(of('temperature_C', '6.4'), [
    'json:rtl_433/shed/devices/Nexus-TH/2/177 telemetry',
    'temperature 6.4 °C',
  ]);
  assert.deepEqual(of('time', '2025-03-04 18:24:01'), [
    'json:rtl_433/shed/devices/Nexus-TH/2/177 telemetry',
    'x.json.time 2025-03-04 18:24:01',
  ]);
  assert.deepEqual(bench(genericJson).lines('shed/door', 'ajar'), ['json:client-1 telemetry', 'x.json.door ajar']);
  assert.throws(() => house.lines('shed/log', '\u001b[0;36mline'), { code: 'DECODE_FAILED' });
});

test('a birth or will in one word is presence', () => {
  const house = bench(genericJson, { identity: 'topic' });
  assert.deepEqual(house.lines('home/OMG_hall/LWT', 'online'), [
    'json:home/OMG_hall availability',
    'availability true',
  ]);
  assert.deepEqual(house.lines('rtl_433/shed/availability', 'offline'), [
    'json:rtl_433/shed availability',
    'availability false',
  ]);
});

test('what is said to a device is not said by it', () => {
  for (const topic of [
    'devices/shed/set',
    'home/OMG_hall/commands/MQTTtoBT/config',
    'greenhouse/switch/pump/command',
  ]) {
    assert.deepEqual(bench(genericJson).lines(topic, 'ON'), []);
  }
});

test('a receiver speaks for each sensor that it hears, and a changing address is no identity', () => {
  const byTopic = (payload: object): unknown =>
    bench(genericJson, { identity: 'topic' }).readings('rtl_433/shed/events', payload)[0]?.device;
  assert.equal(byTopic({ model: 'Nexus-TH', channel: 2, id: 177, temperature_C: 6.4 }), 'json:Nexus-TH/2/177');
  assert.equal(byTopic({ model: 'SCMplus', id: 61204418, Consumption: 1 }), 'json:SCMplus/61204418');
  assert.equal(byTopic({ id: 'a4:c1:38:9f:31:c2', tempc: 20.1 }), 'json:A4:C1:38:9F:31:C2');
  const beacon = { id: '7E:11:AA:22:BB:33', mac_type: 1, rssi: -93 };
  assert.equal(byTopic({ ...beacon, uuid: 'fda5', major: 10001, minor: 7 }), 'json:fda5/10001/7');
  assert.equal(byTopic(beacon), 'json:rtl_433/shed/events');
  const byClient = bench(genericJson).readings('any/topic', { model: 'Nexus-TH', id: 177, t: 1 });
  assert.equal(byClient[0]?.device, 'json:client-1/Nexus-TH/177');
});

test('a command is the JSON itself on the device topic', () => {
  assert.deepEqual(bench(genericJson).encode('set', 'json:shed', { interval: 60 }), [
    'devices/shed/set {"interval":60}',
  ]);
  const byTopic = bench(genericJson, { identity: 'topic' });
  assert.deepEqual(byTopic.encode('set', 'json:devices/shed/state', {}), ['devices/shed/set {}']);
});

test('a command is proved when the device shows what was set', () => {
  assert.deepEqual(bench(genericJson).proof('set', 'json:shed', { interval: 60, pump: true, mode: 'eco' })?.state, [
    { n: 'x.json.interval', value: 60, within: 0.3 },
    { n: 'x.json.pump', value: true },
    { n: 'x.json.mode', value: 'eco' },
  ]);
});
