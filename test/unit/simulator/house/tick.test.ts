import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stations } from '../../../../simulator/house/house.ts';
import { initialState } from '../../../../simulator/house/physics.ts';
import type { State } from '../../../../simulator/house/physics.ts';
import { randomOf } from '../../../../simulator/house/random.ts';
import { components } from '../../../../simulator/house/shelly-gen2.ts';
import { tick } from '../../../../simulator/house/station.ts';
import type { Part, Say } from '../../../../simulator/house/station.ts';
import { localTime } from '../../../../simulator/house/tasmota.ts';

const noon = Date.UTC(2026, 10, 21, 12);
const parts = stations.flatMap((station) => station.parts);

function partNamed(name: string): Part {
  const part = parts.find((candidate) => candidate.name === name);
  assert.ok(part, name);
  return part;
}

/** Everything that a part says in some steps of 5 s, and its last state. */
function run(
  part: Part,
  steps: number,
  seed = 1,
  from: State = initialState(part.fields),
): { says: Say[]; state: State } {
  const random = randomOf(seed, part.name);
  const says: Say[] = [];
  let state = from;
  for (let i = 0; i < steps; i++) {
    const turn = tick(part, state, { now: noon + i * 5000, elapsedMs: 5000, random });
    state = turn.state;
    says.push(...turn.says);
  }
  return { says, state };
}

const command = (part: Part, state: State, topic: string, payload: string) => {
  const turn = part.obey?.(state, { topic, payload }, noon);
  assert.ok(turn, `${topic} is for ${part.name}`);
  return turn;
};

test('the house has at least thirty devices, and no two share a client id or a name', () => {
  assert.ok(parts.length >= 30, String(parts.length));
  assert.equal(new Set(stations.map(({ clientId }) => clientId)).size, stations.length);
  assert.equal(new Set(parts.map(({ name }) => name)).size, parts.length);
});

test('the same seed says the same, another seed says something else', () => {
  for (const part of parts) assert.deepEqual(run(part, 20).says, run(part, 20).says);
  const first = parts.map((part) => run(part, 20, 1).says);
  const second = parts.map((part) => run(part, 20, 2).says);
  assert.notDeepEqual(first, second);
});

test('no part changes the state that it was given', () => {
  for (const part of parts) {
    const state = Object.freeze(initialState(part.fields));
    tick(part, state, { now: noon, elapsedMs: 5000, random: randomOf(1, part.name) });
  }
});

test('counters of energy only rise, and values stay plausible over a day', () => {
  const energies = /energy|total$|Total$|Today$|imp_kwh/;
  for (const part of parts) {
    const random = randomOf(3, part.name);
    let state = initialState(part.fields);
    for (let i = 0; i < 2000; i++) {
      const next = tick(part, state, { now: noon, elapsedMs: 43_200, random }).state;
      for (const [name, value] of Object.entries(next)) {
        if (typeof value !== 'number') continue;
        assert.ok(Number.isFinite(value), `${part.name} ${name}`);
        if (energies.test(name)) assert.ok(value >= Number(state[name]), `${part.name} ${name} fell`);
        if (/temperature$/i.test(name)) assert.ok(value > -30 && value < 80, `${part.name} ${name} ${value}`);
      }
      state = next;
    }
  }
});

test('power follows the switch, and a plug that is off counts almost nothing', () => {
  const part = partNamed('floor2/office/desk_plug');
  const on = run(part, 100).state;
  const off = command(part, on, 'zigbee2mqtt/floor2/office/desk_plug/set', '{"state":"OFF"}');
  assert.ok(Number(on['power']) > 70);
  assert.equal(off.state['state'], 'OFF');
  const later = run(part, 100, 1, off.state).state;
  assert.ok(Number(later['power']) < 1);
  const used = (from: State, to: State): number => Number(to['energy']) - Number(from['energy']);
  assert.ok(used(off.state, later) < used(initialState(part.fields), on) / 50);
});

test('Zigbee2MQTT takes set with JSON, set of one attribute, toggle and get', () => {
  const part = partNamed('Sofa lamp');
  const start = initialState(part.fields);
  const own = 'zigbee2mqtt/Sofa lamp';
  assert.equal(command(part, start, `${own}/set`, '{"state":"TOGGLE","brightness":20}').state['brightness'], 20);
  assert.equal(command(part, start, `${own}/set/brightness`, '33').state['brightness'], 33);
  assert.equal(command(part, start, `${own}/set/state`, 'OFF').state['state'], 'OFF');
  const wrong = command(part, start, `${own}/set`, '{"brightness":"much","nonsense":1}');
  assert.deepEqual(wrong.state, start);
  assert.deepEqual(command(part, start, `${own}/set`, 'not json').says, []);
  const [answer] = command(part, start, `${own}/get`, '{"state":""}').says;
  assert.deepEqual([answer?.topic, JSON.parse(answer?.payload ?? '')], [own, start]);
});

test('a Zigbee remote is silent until a button is pressed', () => {
  const { says } = run(partNamed('Bedside remote'), 40);
  assert.ok(says.length > 0 && says.length < 40);
  for (const { payload } of says) assert.equal(typeof (JSON.parse(payload) as { action: unknown }).action, 'string');
});

test('Tasmota says local time without zone at QoS 0, and answers POWER and STATUS 10', () => {
  const part = partNamed('laundry');
  assert.match(localTime(noon), /^2026-11-2\dT\d\d:\d\d:00$/);
  const { says, state } = run(part, 1);
  assert.deepEqual(new Set(says.map(({ qos }) => qos)), new Set([0]));
  const off = command(part, state, 'cmnd/laundry/POWER', 'OFF');
  assert.deepEqual(
    off.says.map(({ topic, payload }) => [topic, payload]),
    [
      ['stat/laundry/RESULT', '{"POWER":"OFF"}'],
      ['stat/laundry/POWER', 'OFF'],
    ],
  );
  assert.equal(off.state['POWER'], 'OFF');
  const [status] = command(part, off.state, 'cmnd/laundry/STATUS', '10').says;
  const body = JSON.parse(status?.payload ?? '') as { StatusSNS: { ENERGY: { Power: number } } };
  assert.equal(typeof body.StatusSNS.ENERGY.Power, 'number');
});

test('a three-phase Tasmota meter says arrays', () => {
  const sensor = run(partNamed('panel'), 1).says.find(({ topic }) => topic === 'tele/panel/SENSOR');
  const { ENERGY } = JSON.parse(sensor?.payload ?? '') as { ENERGY: { Power: number[]; Frequency: number } };
  assert.deepEqual([ENERGY.Power.length, ENERGY.Frequency], [3, 50]);
});

test('Shelly Gen1 says plain text per topic and counts watt-minutes', () => {
  const part = partNamed('shellyplug-s-7A11F0');
  const { says, state } = run(part, 12);
  const first = says.find(({ topic }) => topic === 'shellies/shellyplug-s-7A11F0/relay/0');
  assert.equal(first?.payload, 'on');
  const gained = Number(state['relay/0/energy']) - Number(part.fields['relay/0/energy']?.start);
  assert.ok(gained > 70 && gained < 110, `one minute at about 88 W is about 88 W·min, not ${gained}`);
  assert.equal(command(part, state, 'shellies/shellyplug-s-7A11F0/relay/0/command', 'toggle').state['relay/0'], 'off');
});

test('Shelly Gen2+ says only what changed, and answers RPC with the result or the error of the firmware', () => {
  const part = partNamed('shellyplus1pm-a8032ab71c44');
  const { state } = run(part, 3);
  const topic = 'shellyplus1pm-a8032ab71c44/rpc';
  const call = (params: unknown) =>
    command(part, state, topic, JSON.stringify({ id: 7, src: 'gw-1', method: 'Switch.Set', params }));
  const { state: next, says } = call({ id: 0, on: false });
  const [answer, overlay, ...rest] = says.map((one) => ({
    topic: one.topic,
    body: JSON.parse(one.payload) as Record<string, unknown>,
  }));
  assert.equal(rest.length, 0);
  assert.deepEqual([answer?.topic, answer?.body['result'], answer?.body['id']], ['gw-1/rpc', { was_on: true }, 7]);
  assert.ok(overlay);
  const { ts: _, ...changed } = overlay.body['params'] as Record<string, unknown>;
  assert.deepEqual(changed, { 'switch:0': { id: 0, output: false } });
  assert.equal(next['switch:0.output'], false);
  const [wrong] = call({ id: 9, on: true }).says;
  const { error } = JSON.parse(wrong?.payload ?? '') as { error: unknown };
  assert.deepEqual(error, { code: -105, message: "Argument 'id', value 9 not found!" });
});

test('Shelly Gen2+ fields nest by component and once more', () => {
  const nested = components([
    ['switch:1.apower', 5],
    ['switch:1.temperature.tC', 40],
    ['switch:1.temperature.tF', 104],
  ]);
  assert.deepEqual(nested, { 'switch:1': { id: 1, apower: 5, temperature: { tC: 40, tF: 104 } } });
});

test('ESPHome says nan now and then, and its switch obeys', () => {
  const part = partNamed('greenhouse');
  const { says, state } = run(part, 200);
  const soil = says.filter(({ topic }) => topic.endsWith('soil_temperature/state')).map(({ payload }) => payload);
  assert.ok(soil.includes('nan') && soil.some((payload) => Number.isFinite(Number(payload))));
  const turn = command(part, state, 'greenhouse/switch/pump/command', 'ON');
  assert.deepEqual(
    [turn.state['pump'], turn.says[0]?.topic, turn.says[0]?.payload],
    [true, 'greenhouse/switch/pump/state', 'ON'],
  );
});
