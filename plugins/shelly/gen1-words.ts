import type { Scalar } from '../../contracts/index.ts';
import type { Meaning } from './meaning.ts';

const onOff: ReadonlyMap<Scalar, boolean> = new Map<Scalar, boolean>([
  ['on', true],
  ['off', false],
]);
const oneZero: ReadonlyMap<Scalar, boolean> = new Map<Scalar, boolean>([
  [1, true],
  [0, false],
  [true, true],
  [false, false],
]);

const power: Meaning = { word: 'power.active', unit: 'W' };
/** Watt-minutes since boot: a reboot starts a new series. */
const wattMinutes: Meaning = { word: 'energy.import', unit: 'W·min', counter: 'total_increasing' };
const wattHours: Meaning = { word: 'energy.import', unit: 'Wh', counter: 'total_increasing' };
const wattHoursReturned: Meaning = { word: 'energy.export', unit: 'Wh', counter: 'total_increasing' };
const relay: Meaning = { word: 'switch.state', flags: onOff };
const isOn: Meaning = { word: 'switch.state', flags: oneZero };
const brightness: Meaning = { word: 'light.brightness', unit: '%' };
const kelvin: Meaning = { word: 'light.color_temp', unit: 'K' };
const deviceTemperature: Meaning = { word: 'temperature.device', unit: '°C', sentinels: [999] };
const overtemperature: Meaning = { word: 'overtemperature', flags: oneZero };
const position: Meaning = { word: 'position', unit: '%', sentinels: [-1] };
const described: Meaning = { meta: true };

/**
 * Topics below `shellies/<id>/`, numbers replaced by `#`; the number is the endpoint
 * (shelly-api-docs.shelly.cloud/gen1, section MQTT of each device).
 * `emeter/#/energy` counts watt-minutes per period; `total` says the same for good, so only `total` is the energy.
 */
export const topics: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['relay/#', relay],
  ['relay/#/power', power],
  ['relay/#/energy', wattMinutes],
  ['light/#', relay],
  ['light/#/power', power],
  ['light/#/energy', wattMinutes],
  ['color/#', relay],
  ['white/#', relay],
  ['roller/#', { word: 'cover.state' }],
  ['roller/#/pos', position],
  ['roller/#/power', power],
  ['roller/#/energy', wattMinutes],
  ['emeter/#/power', power],
  ['emeter/#/reactive_power', { word: 'power.reactive', unit: 'var' }],
  ['emeter/#/voltage', { word: 'voltage', unit: 'V' }],
  ['emeter/#/current', { word: 'current', unit: 'A' }],
  ['emeter/#/pf', { word: 'power_factor', unit: '/' }],
  ['emeter/#/energy', { unit: 'W·min' }],
  ['emeter/#/returned_energy', { unit: 'W·min' }],
  ['emeter/#/total', wattHours],
  ['emeter/#/total_returned', wattHoursReturned],
  ['input/#', { word: 'input', flags: oneZero }],
  ['temperature', deviceTemperature],
  ['overtemperature', overtemperature],
  ['voltage', { word: 'voltage', unit: 'V' }],
  ['voltage/#', { word: 'voltage', unit: 'V' }],
  ['ext_temperature/#', { word: 'temperature', unit: '°C', sentinels: [999] }],
  ['ext_humidity/#', { word: 'humidity', unit: '%', sentinels: [999] }],
  ['sensor/temperature', { word: 'temperature', unit: '°C', sentinels: [999] }],
  ['sensor/humidity', { word: 'humidity', unit: '%', sentinels: [999] }],
  ['sensor/battery', { word: 'battery', unit: '%', sentinels: [-1] }],
  ['sensor/lux', { word: 'illuminance', unit: 'lx', sentinels: [-1] }],
  ['sensor/tilt', { word: 'tilt', unit: '°', sentinels: [-1] }],
  ['sensor/vibration', { word: 'vibration', flags: oneZero, sentinels: [-1] }],
  ['sensor/motion', { word: 'motion', flags: oneZero }],
  ['sensor/flood', { word: 'moisture', flags: oneZero }],
  ['sensor/smoke', { word: 'smoke', flags: oneZero }],
  ['sensor/concentration', { word: 'gas.concentration', unit: 'ppm', sentinels: [-1] }],
  [
    'sensor/state',
    {
      word: 'contact',
      flags: new Map<Scalar, boolean>([
        ['open', true],
        ['close', false],
      ]),
      sentinels: ['unknown'],
    },
  ],
]);

/** Fields of the status document (`info`), numbers replaced by `#`. */
export const infoFields: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['relays.#.ison', isOn],
  ['lights.#.ison', isOn],
  ['lights.#.brightness', brightness],
  ['lights.#.temp', kelvin],
  ['meters.#.power', power],
  ['meters.#.total', wattMinutes],
  // Local time printed as an epoch: not a point in time for anybody else.
  ['meters.#.timestamp', described],
  ['emeters.#.power', power],
  ['emeters.#.reactive', { word: 'power.reactive', unit: 'var' }],
  ['emeters.#.voltage', { word: 'voltage', unit: 'V' }],
  ['emeters.#.current', { word: 'current', unit: 'A' }],
  ['emeters.#.pf', { word: 'power_factor', unit: '/' }],
  ['emeters.#.total', wattHours],
  ['emeters.#.total_returned', wattHoursReturned],
  ['rollers.#.current_pos', position],
  ['rollers.#.state', { word: 'cover.state' }],
  ['tmp.tC', deviceTemperature],
  ['tmp.tF', described],
  ['overtemperature', overtemperature],
  ['wifi_sta.rssi', { word: 'signal.rssi', unit: 'dBm' }],
  ['wifi_sta.ssid', described],
  ['wifi_sta.ip', described],
  ['uptime', { word: 'uptime', unit: 's' }],
  ['bat.value', { word: 'battery', unit: '%', sentinels: [-1] }],
  ['bat.voltage', { word: 'battery.voltage', unit: 'V' }],
  ['hum.value', { word: 'humidity', unit: '%', sentinels: [999] }],
  ['lux.value', { word: 'illuminance', unit: 'lx', sentinels: [-1] }],
  ['time', described],
  ['unixtime', described],
  ['serial', described],
  ['mac', described],
  ['fw_ver', described],
]);

/** Fields of `light/#/status`, `color/#/status` and `white/#/status`. */
export const lightFields: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['ison', isOn],
  ['brightness', brightness],
  ['temp', kelvin],
]);
