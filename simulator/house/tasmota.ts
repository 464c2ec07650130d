import { initialState } from './physics.ts';
import type { State } from './physics.ts';
import { say, switched } from './station.ts';
import type { Heard, Part, Say, Station, Turn } from './station.ts';
import { tasmotaDevices } from './tasmota-devices.ts';
import type { TasmotaDevice } from './tasmota-devices.ts';

/** Tasmota's client publishes at QoS 0 only. */
const plain = { qos: 0 } as const;
const retained = { qos: 0, retain: true } as const;

/** Local time without zone, as Tasmota writes it. */
export function localTime(now: number): string {
  const date = new Date(now);
  return new Date(now - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

const uptimeSec = 967_867;

const stateBody = (device: TasmotaDevice, state: State, now: number) => ({
  Time: localTime(now),
  Uptime: '11T04:51:07',
  UptimeSec: uptimeSec,
  Heap: 24,
  SleepMode: 'Dynamic',
  Sleep: 50,
  LoadAvg: 19,
  MqttCount: 1,
  ...(device.relay && { POWER: state['POWER'] }),
  Wifi: { AP: 1, SSId: 'home-iot', Channel: 6, Mode: '11n', RSSI: 74, Signal: -63, LinkCount: 1 },
});

const sensorBody = (device: TasmotaDevice, state: State, now: number) => ({
  Time: localTime(now),
  ...device.sensors?.(state),
});

const discovery = ({ topic, name, module, mac, relay }: TasmotaDevice) => ({
  ip: '192.168.40.21',
  dn: name,
  fn: [name, null, null, null, null, null, null, null],
  hn: `${topic}-3679`,
  mac,
  md: module,
  ty: 0,
  if: 0,
  cam: 0,
  ofln: 'Offline',
  onln: 'Online',
  state: ['OFF', 'ON', 'TOGGLE', 'HOLD'],
  sw: '14.4.1',
  t: topic,
  ft: '%prefix%/%topic%/',
  tp: ['cmnd', 'stat', 'tele'],
  rl: [relay ? 1 : 0, 0, 0, 0, 0, 0, 0, 0],
  swc: [-1, -1, -1, -1, -1, -1, -1, -1],
  swn: [null, null, null, null, null, null, null, null],
  btn: [0, 0, 0, 0, 0, 0, 0, 0],
  so: { '4': 0, '11': 0, '17': 0, '30': 0 },
  lk: 1,
  lt_st: 0,
  bat: 0,
  dslp: 0,
  sho: [0, 0, 0, 0],
  ver: 1,
});

/** `SENSOR` and `STATE` are said together, one telemetry period apart. */
const report = (device: TasmotaDevice, state: State, now: number): Say[] => [
  say(`tele/${device.topic}/STATE`, stateBody(device, state, now), plain),
  say(`tele/${device.topic}/SENSOR`, sensorBody(device, state, now), plain),
];

/** `cmnd/<topic>/POWER` and `STATUS 10`; anything else is answered as the real firmware does. */
function obey(device: TasmotaDevice, state: State, message: Heard, now: number): Turn | undefined {
  const prefix = `cmnd/${device.topic}/`;
  if (!message.topic.startsWith(prefix)) return undefined;
  const stat = `stat/${device.topic}`;
  const command = message.topic.slice(prefix.length).toUpperCase();
  if (command === 'STATUS' && message.payload.trim() === '10') {
    return { state, says: [say(`${stat}/STATUS10`, { StatusSNS: sensorBody(device, state, now) }, plain)] };
  }
  const relay = device.relay && (command === 'POWER' || command === 'POWER1');
  if (!relay) return { state, says: [say(`${stat}/RESULT`, { Command: 'Unknown' }, plain)] };
  const on = switched(state['POWER'] === 'ON', message.payload) ?? state['POWER'] === 'ON';
  const POWER = on ? 'ON' : 'OFF';
  return {
    state: { ...state, POWER },
    says: [say(`${stat}/RESULT`, { POWER }, plain), say(`${stat}/POWER`, POWER, plain)],
  };
}

/**
 * Discovery comes first, as a gateway gets it that finds it retained: real firmware sends it ten seconds after the rest.
 */
function hello(device: TasmotaDevice, state: State, now: number): Say[] {
  const found = `tasmota/discovery/${device.mac}`;
  const tele = `tele/${device.topic}`;
  const info = { Module: device.module, Version: '14.4.1(tasmota)', GroupTopic: 'cmnd/tasmotas/' };
  return [
    say(`${found}/config`, discovery(device), retained),
    say(`${found}/sensors`, { sn: sensorBody(device, state, now), ver: 1 }, retained),
    say(`${tele}/LWT`, 'Online', retained),
    say(`${tele}/INFO1`, { Info1: info }, plain),
    say(`${tele}/INFO2`, { Info2: { WebServerMode: 'Admin', Hostname: device.topic } }, plain),
    say(`${tele}/INFO3`, { Info3: { RestartReason: 'Software/System restart', BootCount: 17 } }, plain),
  ];
}

const station = (device: TasmotaDevice): Station => {
  const part: Part = {
    name: device.topic,
    everyMs: device.everyMs,
    fields: device.fields,
    report: (state, _, now) => report(device, state, now),
    obey: (state, message, now) => obey(device, state, message, now),
  };
  return {
    clientId: `DVES_${device.mac.slice(-6)}`,
    will: say(`tele/${device.topic}/LWT`, 'Offline', retained),
    subscribe: [`cmnd/${device.topic}/#`],
    parts: [part],
    hello: ([state], now) => hello(device, state ?? initialState(device.fields), now),
  };
};

export const tasmotas: readonly Station[] = tasmotaDevices.map(station);
