import { ampere, derived, drift, energy, load, rounded, sometimes, steady, wear } from './physics.ts';
import type { Fields, State } from './physics.ts';
import { parseObject, say, switched } from './station.ts';
import type { Heard, Part, Say, Station, Turn } from './station.ts';

/** Fields are named `<component>.<key>`, for example `switch:0.apower`; a second dot nests once more. */
interface ShellyGen2 {
  readonly id: string;
  readonly everyMs: number;
  readonly fields: Fields;
  /** Fields that are momentary: they are told as NotifyEvent and are no part of the status. */
  readonly events?: readonly string[];
}

const switchFields = (n: number, watts: number): Fields => {
  const own = `switch:${n}`;
  return {
    [`${own}.output`]: steady(true),
    [`${own}.voltage`]: drift(231.4, 0.3, 4),
    [`${own}.freq`]: drift(50, 0.02, 0.1, 2),
    [`${own}.apower`]: load(watts, `${own}.output`, true),
    [`${own}.current`]: ampere(`${own}.apower`, `${own}.voltage`),
    [`${own}.aenergy.total`]: energy(1020.744, `${own}.apower`, 1, 5),
    [`${own}.temperature.tC`]: drift(41.2, 0.2, 5),
    [`${own}.temperature.tF`]: derived(106.2, (state) => rounded(Number(state[`${own}.temperature.tC`]) * 1.8 + 32, 1)),
  };
};

const phase = (letter: string, watts: number): Fields => ({
  [`em:0.${letter}_voltage`]: drift(230.7, 0.4, 4),
  [`em:0.${letter}_act_power`]: drift(watts, 20, Math.abs(watts) + 60),
  [`em:0.${letter}_current`]: ampere(`em:0.${letter}_act_power`, `em:0.${letter}_voltage`),
  [`em:0.${letter}_pf`]: drift(0.93, 0.01, 0.06, 2),
  [`em:0.${letter}_freq`]: steady(50),
  [`emdata:0.${letter}_total_act_energy`]: energy(811_022.44, `em:0.${letter}_act_power`, 1, 5),
});

const meterFields: Fields = {
  ...phase('a', 402),
  ...phase('b', -51),
  ...phase('c', 120),
  'em:0.total_act_power': derived(0, (state) =>
    rounded(
      ['a', 'b', 'c'].reduce((sum, letter) => sum + Number(state[`em:0.${letter}_act_power`]), 0),
      1,
    ),
  ),
  'emdata:0.total_act': derived(0, (state) =>
    rounded(
      ['a', 'b', 'c'].reduce((sum, letter) => sum + Number(state[`emdata:0.${letter}_total_act_energy`]), 0),
      2,
    ),
  ),
};

const climateFields: Fields = {
  'temperature:0.tC': drift(19.8, 0.1, 3),
  'temperature:0.tF': derived(67.6, (state) => rounded(Number(state['temperature:0.tC']) * 1.8 + 32, 1)),
  'humidity:0.rh': drift(48, 0.4, 10),
  'devicepower:0.battery.V': drift(5.34, 0.01, 0.2, 2),
  'devicepower:0.battery.percent': wear(83, 0.02),
};

const pushes = ['single_push', 'double_push', 'long_push'];
const devices: readonly ShellyGen2[] = [
  { id: 'shellyplus1pm-a8032ab71c44', everyMs: 5000, fields: switchFields(0, 88) },
  { id: 'shellyplus2pm-d48afc0a1b2c', everyMs: 6000, fields: { ...switchFields(0, 40), ...switchFields(1, 12) } },
  { id: 'shellypro3em-2cbcbb9e0f10', everyMs: 5000, fields: meterFields },
  { id: 'shellyhtg3-84fce63ad1b8', everyMs: 10_000, fields: climateFields },
  {
    id: 'shellyplusi4-08f9e0e5c1aa',
    everyMs: 6000,
    events: ['input:0.event'],
    fields: { 'input:0.state': steady(null), 'input:0.event': sometimes(null, pushes, 0.3) },
  },
];

type Components = Record<string, Record<string, unknown>>;

/** Fields back into components, with the `id` that each carries. */
export function components(entries: readonly (readonly [string, unknown])[]): Components {
  const found: Components = {};
  for (const [name, value] of entries) {
    const [component = '', key = '', inner] = name.split('.');
    const target = (found[component] ??= { id: Number(component.split(':')[1]) });
    if (inner === undefined) target[key] = value;
    else target[key] = { ...(target[key] as object | undefined), [inner]: value };
  }
  return found;
}

const notification = (device: ShellyGen2, method: string, params: unknown): Say =>
  say(`${device.id}/events/rpc`, { src: device.id, dst: `${device.id}/events`, method, params });

const statusOf = (device: ShellyGen2, state: State): Components =>
  components(Object.entries(state).filter(([name]) => !device.events?.includes(name)));

const seconds = (now: number): number => Math.round(now / 10) / 100;

/** Only what changed since the last report: a partial overlay, never the whole. */
function report(device: ShellyGen2, state: State, before: State, now: number): Say[] {
  const ts = seconds(now);
  const fresh = Object.entries(state).filter(([name, value]) => value !== before[name]);
  const changes = components(fresh.filter(([name]) => !device.events?.includes(name)));
  const says = Object.keys(changes).length > 0 ? [notification(device, 'NotifyStatus', { ts, ...changes })] : [];
  const events = (device.events ?? []).flatMap((name) => {
    const event = state[name];
    const [component = ''] = name.split('.');
    return event === null ? [] : [{ component, id: Number(component.split(':')[1]), event, ts }];
  });
  return events.length > 0 ? [...says, notification(device, 'NotifyEvent', { ts, events })] : says;
}

interface Outcome {
  readonly state: State;
  readonly answer: Record<string, unknown>;
}

/** `Switch.Set`, `Switch.Toggle` and `Shelly.GetStatus`; the error codes are the firmware's. */
function call(device: ShellyGen2, state: State, method: unknown, params: Record<string, unknown>): Outcome {
  if (method === 'Shelly.GetStatus') return { state, answer: { result: statusOf(device, state) } };
  const name = `switch:${String(Number(params['id']))}.output`;
  if (method !== 'Switch.Set' && method !== 'Switch.Toggle') {
    return { state, answer: { error: { code: 404, message: `No handler for ${String(method).slice(0, 64)}` } } };
  }
  const was = state[name];
  if (typeof was !== 'boolean') {
    const message = `Argument 'id', value ${Number(params['id'])} not found!`;
    return { state, answer: { error: { code: -105, message } } };
  }
  const on = method === 'Switch.Toggle' ? !was : switched(was, params['on']);
  if (on === undefined) return { state, answer: { error: { code: -103, message: "Missing or bad argument 'on'!" } } };
  return { state: { ...state, [name]: on }, answer: { result: { was_on: was } } };
}

function obey(device: ShellyGen2, state: State, message: Heard, now: number): Turn | undefined {
  const { topic, payload } = message;
  if (topic === `${device.id}/rpc`) {
    const request = parseObject(payload);
    const src = request?.['src'];
    if (!request || typeof src !== 'string' || !/^[\w/.-]{1,100}$/.test(src)) return { state, says: [] };
    const params = (request['params'] ?? {}) as Record<string, unknown>;
    const done = call(device, state, request['method'], params);
    const answer = say(`${src}/rpc`, { id: request['id'], src: device.id, dst: src, ...done.answer });
    return { state: done.state, says: [answer, ...report(device, done.state, state, now)] };
  }
  const component = topic.startsWith(`${device.id}/command/`) ? topic.slice(`${device.id}/command/`.length) : undefined;
  const was = state[`${component}.output`];
  const on = typeof was === 'boolean' ? switched(was, payload) : undefined;
  if (on === undefined) return undefined;
  const next = { ...state, [`${component}.output`]: on };
  return { state: next, says: report(device, next, state, now) };
}

function hello(device: ShellyGen2, state: State, now: number): Say[] {
  const status = statusOf(device, state);
  return [
    say(`${device.id}/online`, 'true', { retain: true }),
    ...Object.entries(status).map(([component, body]) => say(`${device.id}/status/${component}`, body)),
    notification(device, 'NotifyFullStatus', { ts: seconds(now), ...status }),
  ];
}

const station = (device: ShellyGen2): Station => {
  const part: Part = {
    name: device.id,
    everyMs: device.everyMs,
    fields: device.fields,
    report: (state, before, now) => report(device, state, before, now),
    obey: (state, message, now) => obey(device, state, message, now),
  };
  return {
    clientId: device.id,
    will: say(`${device.id}/online`, 'false', { retain: true }),
    subscribe: [`${device.id}/rpc`, `${device.id}/command/+`],
    parts: [part],
    hello: ([state], now) => hello(device, state ?? {}, now),
  };
};

export const shelliesGen2: readonly Station[] = devices.map(station);
