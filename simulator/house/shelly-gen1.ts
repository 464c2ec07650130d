import { derived, drift, energy, flip, load, rounded, sometimes, steady, wear } from './physics.ts';
import type { Fields, State, Value } from './physics.ts';
import { say, switched } from './station.ts';
import type { Heard, Part, Say, Station, Turn } from './station.ts';

/** Fields are named by their topic below `shellies/<id>/`; those that begin with `_` are not said. */
interface ShellyGen1 {
  readonly id: string;
  readonly model: string;
  readonly mac: string;
  readonly everyMs: number;
  readonly fields: Fields;
}

const fahrenheit = (from: string) => derived(32, (state) => rounded((Number(state[from]) * 9) / 5 + 32, 2));

/** `relay/0/energy` counts watt-minutes since boot. */
const plugFields: Fields = {
  'relay/0': steady('on'),
  'relay/0/power': load(88, 'relay/0', 'on', 2),
  'relay/0/energy': energy(61_244, 'relay/0/power', 60, 3),
  temperature: drift(31.6, 0.2, 6, 2),
  temperature_f: fahrenheit('temperature'),
  overtemperature: steady(0),
};

const meterFields: Fields = {
  'emeter/0/voltage': drift(229.8, 0.5, 5, 2),
  'emeter/0/power': drift(1311, 40, 900, 2),
  'emeter/0/reactive_power': drift(210, 10, 150, 2),
  'emeter/0/pf': derived(0.99, (state) => rounded(Math.min(1, Number(state['emeter/0/power']) / 1400), 2)),
  'emeter/0/total': energy(2_918_844.3, 'emeter/0/power', 1, 3),
  'emeter/0/total_returned': steady(60_112.9),
};

/** 999 is how a broken sensor reads. */
const climateFields: Fields = {
  _true: drift(21.9, 0.1, 3, 2),
  'sensor/temperature': derived(21.9, (state) => state['_true'] ?? null),
  'sensor/humidity': sometimes(52.5, [52, 53, 999], 0.3),
  'sensor/battery': wear(79, 0.02),
};

const doorFields: Fields = {
  'sensor/state': flip('close', 'open', 0.08),
  'sensor/tilt': steady(-1),
  'sensor/vibration': sometimes(0, [1], 0.05),
  'sensor/lux': drift(210, 15, 190, 0),
  'sensor/battery': wear(91, 0.02),
};

const gasFields: Fields = {
  'sensor/operation': steady('normal'),
  'sensor/gas': sometimes('none', ['mild'], 0.01),
  'sensor/concentration': drift(4, 1, 4, 0),
};

const dimmerFields: Fields = {
  'light/0': steady('on'),
  _brightness: steady(42),
  'light/0/power': load(14, 'light/0', 'on', 2),
  'light/0/energy': energy(1020, 'light/0/power', 60, 3),
};

const devices: readonly ShellyGen1[] = [
  { id: 'shellyplug-s-7A11F0', model: 'SHPLG-S', mac: 'C45BBE7A11F0', everyMs: 6000, fields: plugFields },
  { id: 'shellyem-B90C44', model: 'SHEM', mac: 'C45BBEB90C44', everyMs: 5000, fields: meterFields },
  { id: 'shellyht-5E0A19', model: 'SHHT-1', mac: 'C45BBE5E0A19', everyMs: 10_000, fields: climateFields },
  { id: 'shellydw2-18BB02', model: 'SHDW-2', mac: 'C45BBE18BB02', everyMs: 10_000, fields: doorFields },
  { id: 'shellygas-44A0D1', model: 'SHGS-1', mac: 'C45BBE44A0D1', everyMs: 8000, fields: gasFields },
  { id: 'shellydimmer2-D0011E', model: 'SHDM-2', mac: 'C45BBED0011E', everyMs: 6000, fields: dimmerFields },
];

/** Counters are kept exactly and said as whole numbers. */
const text = (key: string, value: Value): string =>
  key.endsWith('/energy') ? String(Math.floor(Number(value))) : String(value);

const lightStatus = (state: State) => ({
  ison: state['light/0'] === 'on',
  source: 'mqtt',
  has_timer: false,
  mode: 'white',
  brightness: state['_brightness'],
  transition: 0,
});

function report(device: ShellyGen1, state: State): Say[] {
  const own = `shellies/${device.id}`;
  const says = Object.entries(state)
    .filter(([key]) => !key.startsWith('_'))
    .map(([key, value]) => say(`${own}/${key}`, text(key, value)));
  return 'light/0' in state ? [...says, say(`${own}/light/0/status`, lightStatus(state))] : says;
}

const announced = ({ id, model, mac }: ShellyGen1): Say =>
  say('shellies/announce', {
    id,
    model,
    mac,
    ip: '192.168.40.33',
    new_fw: false,
    fw_ver: '20230913-113421/v1.14.0-gcb84623',
  });

/** `relay/0/command` and `light/0/command` take `on`, `off`, `toggle`. */
function obey(device: ShellyGen1, state: State, message: Heard): Turn | undefined {
  const own = `shellies/${device.id}/`;
  const channel = ['relay/0', 'light/0'].find((name) => message.topic === `${own}${name}/command`);
  if (channel === undefined || !(channel in state)) return undefined;
  const on = switched(state[channel] === 'on', message.payload);
  if (on === undefined) return { state, says: [] };
  const next = { ...state, [channel]: on ? 'on' : 'off' };
  return { state: next, says: [say(`${own}${channel}`, on ? 'on' : 'off')] };
}

const station = (device: ShellyGen1): Station => {
  const part: Part = {
    name: device.id,
    everyMs: device.everyMs,
    fields: device.fields,
    report: (state) => report(device, state),
    obey: (state, message) => obey(device, state, message),
  };
  const own = `shellies/${device.id}`;
  return {
    clientId: device.id,
    will: say(`${own}/online`, 'false', { retain: true }),
    subscribe: ['shellies/command', `${own}/command`, `${own}/+/+/command`],
    parts: [part],
    hello: () => [say(`${own}/online`, 'true', { retain: true }), announced(device)],
    asksHello: ({ topic, payload }) => topic.endsWith('/command') && payload === 'announce',
  };
};

export const shelliesGen1: readonly Station[] = devices.map(station);
