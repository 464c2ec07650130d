import { discoveredDevices, spoken } from './esphome-devices.ts';
import type { DiscoveredDevice } from './esphome-devices.ts';
import type { State } from './physics.ts';
import { say, switched } from './station.ts';
import type { Heard, Part, Say, Station, Turn } from './station.ts';

const retained = { retain: true };

const spokenStates = (device: DiscoveredDevice, state: State): Say[] =>
  device.states(state).map(([topic, body]) => say(topic, body));

function obey(device: DiscoveredDevice, state: State, message: Heard): Turn | undefined {
  const field = device.commands?.[message.topic];
  if (field === undefined) return undefined;
  const on = switched(state[field] === true, message.payload);
  if (on === undefined) return { state, says: [] };
  const next = { ...state, [field]: on };
  return { state: next, says: [say(message.topic.replace(/command$/, 'state'), spoken(on))] };
}

const station = (device: DiscoveredDevice): Station => {
  const part: Part = {
    name: device.id,
    everyMs: device.everyMs,
    fields: device.fields,
    report: (state) => [
      ...spokenStates(device, state),
      ...(device.noise?.(state) ?? []).map(([topic, line]) => say(topic, line, { qos: 0 })),
    ],
    obey: (state, message) => obey(device, state, message),
  };
  return {
    clientId: device.id,
    will: say(device.status, 'offline', retained),
    subscribe: ['homeassistant/status', ...Object.keys(device.commands ?? {})],
    parts: [part],
    hello: () => [
      ...device.discovery.map(({ path, config }) => say(`homeassistant/${path}/config`, config, retained)),
      say(device.status, 'online', retained),
    ],
    asksHello: ({ topic, payload }) => topic === 'homeassistant/status' && payload === 'online',
  };
};

/** Two ESPHome nodes and four other devices that announce themselves by Home Assistant discovery. */
export const discovered: readonly Station[] = discoveredDevices.map(station);
