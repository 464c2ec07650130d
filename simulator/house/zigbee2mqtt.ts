import { initialState } from './physics.ts';
import type { State, Value } from './physics.ts';
import { parseObject, say, switched } from './station.ts';
import type { Heard, Part, Say, Station, Turn } from './station.ts';
import { zigbeeDevices } from './zigbee-devices.ts';
import type { ZigbeeDevice } from './zigbee-devices.ts';

const base = 'zigbee2mqtt';
const retained = { retain: true };

/** Takes what a `/set` may change: known fields, with a value of the type that they have. */
function changed(state: State, wishes: Record<string, unknown>): State {
  const next: Record<string, Value> = { ...state };
  for (const [name, wish] of Object.entries(wishes)) {
    const was = state[name];
    if (was === 'ON' || was === 'OFF') {
      const on = switched(was === 'ON', wish);
      if (on !== undefined) next[name] = on ? 'ON' : 'OFF';
    } else if (was !== undefined && was !== null && typeof wish === typeof was) next[name] = wish as Value;
  }
  return next;
}

/** `<name>/set` with JSON, `<name>/set/<attribute>` with a bare value, `<name>/get`: all answered with the state. */
function obey(device: ZigbeeDevice, state: State, message: Heard): Turn | undefined {
  const own = `${base}/${device.name}`;
  const { topic, payload } = message;
  if (topic === `${own}/get`) return { state, says: [say(own, state)] };
  if (topic !== `${own}/set` && !topic.startsWith(`${own}/set/`)) return undefined;
  const attribute = topic.slice(`${own}/set/`.length);
  const bare = Number.isFinite(Number(payload)) && payload !== '' ? Number(payload) : payload;
  const wishes = attribute === '' ? parseObject(payload) : { [attribute]: bare };
  if (!wishes) return { state, says: [] };
  const next = changed(state, wishes);
  return { state: next, says: [say(own, next)] };
}

const part = (device: ZigbeeDevice): Part => ({
  name: device.name,
  everyMs: device.everyMs,
  fields: device.model.fields,
  report: (state) => {
    const { onlyWith } = device.model;
    return onlyWith !== undefined && state[onlyWith] === null ? [] : [say(`${base}/${device.name}`, state)];
  },
  obey: (state, message) => obey(device, state, message),
});

/** One entry of the retained `bridge/devices`: the only place where units and polarity are told. */
const described = ({ ieee, name, model }: ZigbeeDevice, index: number) => ({
  ieee_address: ieee,
  type: model.power === 'Battery' ? 'EndDevice' : 'Router',
  network_address: 4096 + index * 37,
  supported: true,
  disabled: false,
  friendly_name: name,
  definition: {
    source: 'native',
    model: model.model,
    vendor: model.vendor,
    description: model.description,
    exposes: model.exposes,
    options: [],
    supports_ota: false,
  },
  power_source: model.power,
  model_id: model.model,
  manufacturer: model.vendor,
  interviewing: false,
  interview_state: 'SUCCESSFUL',
  interview_completed: true,
});

const coordinator = {
  ieee_address: '0x00124b0029f1e2d3',
  type: 'Coordinator',
  network_address: 0,
  supported: true,
  disabled: false,
  friendly_name: 'Coordinator',
  definition: null,
  interviewing: false,
  interview_completed: true,
};

const info = {
  version: '2.1.3',
  commit: '3be9ed2c',
  coordinator: { ieee_address: coordinator.ieee_address, type: 'zStack3x0', meta: { revision: 20240710 } },
  network: { channel: 11, pan_id: 6754, extended_pan_id: '0xdddddddddddddddd' },
  log_level: 'info',
  permit_join: false,
  restart_required: false,
  config: { mqtt: { base_topic: base }, advanced: { last_seen: 'disable', output: 'json' } },
};

/** The state of the bridge is retained, as are its lists and the availability of each device. */
function hello(devices: readonly ZigbeeDevice[], states: readonly State[]): Say[] {
  return [
    say(`${base}/bridge/state`, { state: 'online' }, retained),
    say(`${base}/bridge/info`, info, retained),
    say(`${base}/bridge/devices`, [coordinator, ...devices.map(described)], retained),
    say(`${base}/bridge/groups`, [], retained),
    say(`${base}/bridge/logging`, { level: 'info', message: 'z2m: Connected to MQTT server', namespace: 'z2m' }),
    ...devices.flatMap((device, i) => [
      say(`${base}/${device.name}/availability`, { state: 'online' }, retained),
      ...(device.model.onlyWith === undefined
        ? [say(`${base}/${device.name}`, states[i] ?? initialState(device.model.fields))]
        : []),
    ]),
  ];
}

/** Zigbee2MQTT 2.x with all its devices on one connection. */
export const zigbee2mqtt: Station = {
  clientId: 'zigbee2mqtt',
  will: say(`${base}/bridge/state`, { state: 'offline' }, retained),
  // The real bridge takes all of its own tree; naming what it obeys spares it its own echo.
  subscribe: zigbeeDevices.flatMap(({ name }) => ['set', 'set/#', 'get'].map((what) => `${base}/${name}/${what}`)),
  parts: zigbeeDevices.map(part),
  hello: (states) => hello(zigbeeDevices, states),
};
